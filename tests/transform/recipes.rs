//! The two usual recipes, from photographs to normalised tensors, against Pillow and NumPy.
