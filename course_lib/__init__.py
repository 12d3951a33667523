"""Reference implementations, models and autograder of an open course on convolutional networks.

``import course_lib`` loads NumPy and nothing heavier: PyTorch, matplotlib and nbgrader are imported only by
the modules that need them.
"""

__version__ = "0.1.0"
