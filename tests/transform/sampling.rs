//! What transforms draw.
