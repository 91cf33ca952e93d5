// Copy: every word of the images to as many words of the results as there are bytes of a result to one of an image.

override TIMES: u32 = 1u;
const THREADS: u32 = 256u;

@group(0) @binding(0) var<storage, read> source: array<u32>;
@group(0) @binding(1) var<storage, read_write> destination: array<u32>;

@compute @workgroup_size(THREADS)
fn copy(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let word = (group.y * groups.x + group.x) * THREADS + thread;
    if word < arrayLength(&destination) {
        destination[word] = source[min(word / TIMES, arrayLength(&source) - 1u)];
    }
}
