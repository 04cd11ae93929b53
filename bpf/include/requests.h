// Requests to disks from their start to their end. For tools that ask for it with FS_REQUESTS; with FS_NO_IO_START, on
// kernels before 6.5, a request starts when it is put in a queue or, where there is none, when the driver gets it.
// FS_OWN_DISK says besides that a request names its disk itself (before 5.15), FS_QUEUE_FIRST that it stands behind its queue in
// the arguments of events (before 5.11, and not in later 5.10 releases; include/trace/events/block.h).
#ifdef FS_REQUESTS
#include <linux/blkdev.h>

#define FS_OP_MASK 0xff
#define FS_DISK_BYTES 32

#ifdef FS_QUEUE_FIRST
#define FS_REQUEST_OF(ctx) ((ctx)->args[1])
#else
#define FS_REQUEST_OF(ctx) ((ctx)->args[0])
#endif

// ``sector`` and ``bytes`` are those at the end of the queue: before, more may be merged into a request.
struct fs_request {
    u64 start;
    u64 issued;
    u64 sector;
    u64 bytes;
    u64 cgroup;
    u32 pid;
    u32 tid;
    char comm[16];
};

// The requests that are under way.
BPF_TABLE("hash", u64, struct fs_request, fs_requests, 65536);

// The current task is the one that makes the request; nothing is kept when the filters do not want it.
static __always_inline void fs_request_start(u64 request)
{
    struct fs_request made = {.start = bpf_ktime_get_ns(), .pid = fs_pid(), .tid = fs_tid()};

#ifndef FS_NO_IO_START
    // A request starts once, so the one that had this place before has ended.
    if (!fs_requests.delete(&request))
        fs_lose(FS_LOST_UNSEEN);
#endif
    if (fs_skip())
        return;
    made.cgroup = bpf_get_current_cgroup_id();
    bpf_get_current_comm(made.comm, sizeof(made.comm));
    made.issued = made.start;
    if (fs_requests.update(&request, &made))
        fs_lose(FS_LOST_MAP_FULL);
}

#ifdef FS_NO_IO_START
// One that the filters do not want is kept without a start: who gives it to the driver later may be somebody they want.
static __always_inline void fs_request_insert(u64 request)
{
    struct fs_request unwanted = {};

    if (fs_requests.lookup(&request))
        return; // put back
    if (fs_skip())
        fs_requests.update(&request, &unwanted);
    else
        fs_request_start(request);
}
#endif

static __always_inline void fs_request_issue(u64 id)
{
    struct request *request = (void *)id;
    struct fs_request *made = fs_requests.lookup(&id);

    if (made)
        made->issued = bpf_ktime_get_ns();
#ifdef FS_NO_IO_START
    if (!made)
        fs_request_start(id);
    made = fs_requests.lookup(&id);
#endif
    if (!made)
        return;
    bpf_probe_read_kernel(&made->sector, sizeof(made->sector), &request->__sector);
    bpf_probe_read_kernel(&made->bytes, sizeof(u32), &request->__data_len);
}

// Zero when the filters do not want it, or it began before the run.
static __always_inline struct fs_request *fs_request_made(u64 request)
{
    struct fs_request *made = fs_requests.lookup(&request);

    if (!made || made->start)
        return made;
    fs_requests.delete(&request);
    return 0;
}

static __always_inline u32 fs_request_op(struct request *request)
{
    u32 flags = 0;

    bpf_probe_read_kernel(&flags, sizeof(flags), &request->cmd_flags);
    return flags & FS_OP_MASK;
}

static __always_inline void fs_request_disk(struct request *request, char *name)
{
    struct gendisk *disk = 0;

#ifdef FS_OWN_DISK
    bpf_probe_read_kernel(&disk, sizeof(disk), &request->rq_disk);
#else
    struct request_queue *queue = 0;

    bpf_probe_read_kernel(&queue, sizeof(queue), &request->q);
    bpf_probe_read_kernel(&disk, sizeof(disk), &queue->disk);
#endif
    bpf_probe_read_kernel_str(name, FS_DISK_BYTES, &disk->disk_name);
}

#ifdef FS_NO_IO_START
RAW_TRACEPOINT_PROBE(block_rq_insert)
{
    fs_request_insert(FS_REQUEST_OF(ctx));
    return 0;
}
#else
RAW_TRACEPOINT_PROBE(block_io_start)
{
    fs_request_start(ctx->args[0]);
    return 0;
}
#endif

#ifndef FS_OWN_DISK
// Another request takes this one in: it has no end of its own.
RAW_TRACEPOINT_PROBE(block_rq_merge)
{
    u64 id = ctx->args[0];

    fs_requests.delete(&id);
    return 0;
}
#endif

RAW_TRACEPOINT_PROBE(block_rq_issue)
{
    fs_request_issue(FS_REQUEST_OF(ctx));
    return 0;
}
#endif
