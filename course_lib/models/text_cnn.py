"""Text CNN: filters that slide over words.

Paper: Y. Kim, "Convolutional neural networks for sentence classification", EMNLP 2014, arXiv:1408.5882,
section 2, figure 1: word vectors of 300 dimensions; 100 filters each over 3, 4 and 5 neighbouring words,
with ReLU; the maximum of each filter over the sentence; dropout 0.5; one dense layer.

Departures from the paper:

- the variant CNN-rand alone: word vectors are drawn at random and learned. `embedding.weight` may be
  overwritten with published vectors for CNN-static (frozen) and CNN-non-static; the variant with two
  channels is left out;
- no constraint on the norm of the last layer's weights; weight decay in the optimiser stands in for it;
- word vectors begin at U(-0.25, 0.25) as in the paper's published program, the vector of the padding token
  at 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_lib._validation import as_int, fail
from course_lib.models._common import check_counts, scaled


class TextCNN(nn.Module):
    """Kim's sentence classifier.

    Parameters
    ----------
    vocabulary_size : int, default 10000
        Number of different tokens.
    num_classes : int, default 2
        Length of the output.
    embedding_dim : int, default 300
        Dimensions of a word vector.
    kernel_sizes : sequence of int, default (3, 4, 5)
        Lengths of the filters, in words.
    channels : int, default 100
        Filters of each length.
    width : float, default 1.0
        Factor on the dimensions of the word vectors and on the number of filters.
    dropout : float, default 0.5
        Probability of dropping a feature before the last layer.
    padding_index : int, optional
        Token that fills up short sentences; its vector stays 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] Y. Kim, "Convolutional neural networks for sentence classification", arXiv:1408.5882, 2014.

    Examples
    --------
    >>> model = TextCNN(vocabulary_size=50, width=0.1)
    >>> model(torch.zeros(2, 7, dtype=torch.int64)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        vocabulary_size: int = 10000,
        num_classes: int = 2,
        embedding_dim: int = 300,
        kernel_sizes: Sequence[int] = (3, 4, 5),
        channels: int = 100,
        width: float = 1.0,
        dropout: float = 0.5,
        padding_index: int | None = None,
    ) -> None:
        super().__init__()
        check_counts("TextCNN", width, vocabulary_size=vocabulary_size, num_classes=num_classes)
        check_counts("TextCNN", width, embedding_dim=embedding_dim, channels=channels)
        if not isinstance(kernel_sizes, Sequence) or not kernel_sizes:
            fail("TextCNN", "at least one entry in `kernel_sizes`", repr(kernel_sizes))
        if padding_index is not None and padding_index not in range(vocabulary_size):
            fail("TextCNN", f"`padding_index` to be a token, 0 to {vocabulary_size - 1}", repr(padding_index))
        self.vocabulary_size = vocabulary_size
        self.smallest = max(as_int("TextCNN", "kernel_sizes", size, 1) for size in kernel_sizes)
        dim, filters = scaled(embedding_dim, width), scaled(channels, width)
        self.embedding = nn.Embedding(vocabulary_size, dim, padding_idx=padding_index)
        self.convs = nn.ModuleList(nn.Conv1d(dim, filters, size) for size in kernel_sizes)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(filters * len(kernel_sizes), num_classes)
        nn.init.uniform_(self.embedding.weight, -0.25, 0.25)
        if padding_index is not None:
            nn.init.zeros_(self.embedding.weight.data[padding_index])

    def forward(self, tokens: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        tokens : Tensor, shape (N, L), int64
            Sentences of L tokens, at least as many as the longest filter.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        self._check(tokens)
        x = self.embedding(tokens).transpose(1, 2)  # (N, embedding_dim, L)
        answers = [self.relu(conv(x)).amax(dim=2) for conv in self.convs]  # each (N, channels)
        x = torch.cat(answers, dim=1)  # (N, channels * len(kernel_sizes))
        return self.fc(self.dropout(x))  # (N, num_classes)

    def _check(self, tokens: Tensor) -> None:
        """Refuse anything but sentences of known tokens that are long enough for every filter."""
        if not isinstance(tokens, Tensor):
            fail("TextCNN", "tokens as a tensor of shape (N, L)", type(tokens).__name__)
        if tokens.ndim != 2:
            fail("TextCNN", "tokens of shape (N, L)", f"shape {tuple(tokens.shape)}")
        if tokens.dtype not in (torch.int32, torch.int64):
            fail("TextCNN", "tokens of dtype torch.int64", f"dtype {tokens.dtype}")
        if tokens.shape[1] < self.smallest:
            fail("TextCNN", f"sentences of at least {self.smallest} tokens", tokens.shape[1])
        if tokens.numel() and not tokens.is_meta:  # a tensor without memory has no tokens to look at
            low, high = tokens.min().item(), tokens.max().item()
            if low < 0 or high >= self.vocabulary_size:
                fail("TextCNN", f"tokens from 0 to {self.vocabulary_size - 1}", f"{low} to {high}")
