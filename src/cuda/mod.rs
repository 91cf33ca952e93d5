//! CUDA: the kernels on NVIDIA's GPUs without Vulkan. Experimental: not yet run on hardware.

#[cfg(test)]
pub(crate) mod emulator;
// Only tests call it so far.
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) mod source;
