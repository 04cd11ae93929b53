// How a request begins and is followed: include/requests.h.

// Kernels before 5.16 give a negative errno, later ones a blk_status_t (linux/blk_types.h): the common ones by number.
static __always_inline s32 errno_of(s32 error)
{
    if (error <= 0)
        return -error;
    switch (error) {
    case 1: return 95;  // BLK_STS_NOTSUPP: EOPNOTSUPP
    case 2: return 110; // BLK_STS_TIMEOUT: ETIMEDOUT
    case 3: return 28;  // BLK_STS_NOSPC: ENOSPC
    case 7: return 61;  // BLK_STS_MEDIUM: ENODATA
    case 9: return 12;  // BLK_STS_RESOURCE: ENOMEM
    default: return 5;  // EIO
    }
}

RAW_TRACEPOINT_PROBE(block_rq_complete)
{
    u64 id = ctx->args[0], now = bpf_ktime_get_ns();
    struct request *request = (void *)id;
    struct fs_request *made = fs_request_made(id);
    struct requests row = {.time = bpf_ktime_get_boot_ns()};

    if (!made)
        return 0;
    row.pid = made->pid;
    row.tid = made->tid;
    row.cgroup = made->cgroup;
    __builtin_memcpy(row.comm, made->comm, sizeof(row.comm));
    row.queued = made->issued - made->start;
    row.latency = now - made->issued;
    // A flush of the disk's cache has none: the kernel issues a request of its own in its stead.
    row.sector = made->sector;
    row.bytes = made->bytes;
    row.error = errno_of(ctx->args[1]);
    row.op = fs_request_op(request);
    fs_request_disk(request, row.disk);
    fs_requests.delete(&id);
    if (row.latency >= MIN_LATENCY)
        requests_emit(&row);
    return 0;
}
