"""Solutions of stack_sizes(size, layers)."""

from bank import right, wrong


def layer_size(size, kernel_size, stride, padding, dilation, ceil_mode):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    out = (-(-room // stride) if ceil_mode else room // stride) + 1
    return out - 1 if ceil_mode and (out - 1) * stride >= size + padding else out


@right
def one_after_the_other(size, layers):
    sizes = []
    for layer in layers:
        size = layer_size(size, *layer[1:])
        sizes.append(size)
    return tuple(sizes)


@right
def recursive(size, layers):
    if not layers:
        return ()
    first = layer_size(size, *layers[0][1:])
    return (first, *recursive(first, layers[1:]))


@right
def a_list(size, layers):
    sizes = [size]
    for _kind, k, s, p, d, c in layers:
        sizes.append(layer_size(sizes[-1], k, s, p, d, c))
    return sizes[1:]


@wrong(fails="stack_sizes.sizes", hint="every layer gets the size of the image")
def always_the_image(size, layers):
    return tuple(layer_size(size, *layer[1:]) for layer in layers)


@wrong(fails="stack_sizes.sizes", hint="the last layer alone")
def the_last_alone(size, layers):
    return one_after_the_other(size, layers)[-1]


@wrong(fails="stack_sizes.sizes", hint="the image's own size comes first")
def the_image_too(size, layers):
    return (size, *one_after_the_other(size, layers))


@wrong(fails="stack_sizes.sizes", hint="the return stands inside the loop")
def returns_at_once(size, layers):
    for layer in layers:
        size = layer_size(size, *layer[1:])
        return size


@wrong(fails="stack_sizes.sizes", hint="the pooling layers are left out")
def convolutions_alone(size, layers):
    return one_after_the_other(size, [layer for layer in layers if layer[0] == "conv"])


@wrong(fails="stack_sizes.sizes", hint="the padding of the layers is ignored")
def forgets_padding(size, layers):
    return one_after_the_other(size, [(*layer[:3], 0, *layer[4:]) for layer in layers])


@wrong(fails="stack_sizes.sizes", hint="the strides of the layers are ignored")
def forgets_strides(size, layers):
    return one_after_the_other(size, [(*layer[:2], 1, *layer[3:]) for layer in layers])


@wrong(fails="stack_sizes.sizes", hint="taken to be its kernel size")
def pools_by_their_kernel(size, layers):
    return one_after_the_other(size, [(k, n, n if k == "pool" else s, *rest) for k, n, s, *rest in layers])


@wrong(fails="stack_sizes.sizes", hint="reverse order")
def backwards(size, layers):
    return one_after_the_other(size, layers)[::-1]


@wrong(fails="stack_sizes.sizes", hint="the last layer is left out")
def one_too_few(size, layers):
    return one_after_the_other(size, layers[:-1])
