// How a request begins and is followed: include/requests.h.
RAW_TRACEPOINT_PROBE(block_rq_complete)
{
    u64 id = ctx->args[0];
    struct latency_key key = {};
    struct latency_value add = {.requests = 1, .bytes = (u32)ctx->args[2]};
    struct fs_request *made = fs_request_made(id);

    if (!made)
        return 0;
    add.total = bpf_ktime_get_ns() - (QUEUED ? made->start : made->issued);
    key.slot = fs_log2(add.total);
#ifdef LATENCY_HAS_DISK
    fs_request_disk((void *)id, key.disk);
#endif
#ifdef LATENCY_HAS_OP
    key.op = fs_request_op((void *)id);
#endif
    fs_requests.delete(&id);
    latency_add(&key, &add);
    return 0;
}
