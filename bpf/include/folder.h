// The folder in which a relative path starts, as the process sees it: from its own root on. For tools that ask for it with
// FS_FOLDER, and FS_FILES.
#ifdef FS_FOLDER
#include <linux/fs_struct.h>
#include <linux/mount.h>

#define FS_FOLDER_BYTES 256
#define FS_FOLDER_DEPTH 64
#define FS_NAME_BYTES 255
#define FS_HERE (-100) // AT_FDCWD, the working directory

// ``text`` is written from the end to the front; the verifier sees that a name fits behind any place in its first half.
// What changes on the way lies here and not on the stack, where the verifier would follow each of its values.
struct fs_folder {
    struct path here;
    u64 at;
    char text[4 * FS_FOLDER_BYTES];
};

// Per CPU is safe: the kernel keeps preemption off while a program runs on a system call's tracepoint.
BPF_PERCPU_ARRAY(fs_folders, struct fs_folder, 1);

#define FS_FOLDER_END (2 * FS_FOLDER_BYTES)
#define FS_PLACE(at) ((at) & (FS_FOLDER_END - 1))

static __always_inline void fs_folder_start(struct fs_folder *out, struct fs_struct *fs, s32 folder)
{
    out->at = FS_FOLDER_END;
    if (folder == FS_HERE)
        bpf_probe_read_kernel(&out->here, sizeof(out->here), &fs->pwd);
    else
        bpf_probe_read_kernel(&out->here, sizeof(out->here), &fs_file(folder)->f_path);
}

// There is more in front of it.
static __always_inline void fs_folder_cut(struct fs_folder *out)
{
    out->at -= sizeof("…") - 1;
    __builtin_memcpy(&out->text[FS_PLACE(out->at)], "…", sizeof("…") - 1);
}

// One name to the front; false when it does not fit.
static __always_inline bool fs_folder_name(struct fs_folder *out)
{
    struct dentry *entry = out->here.dentry;
    const unsigned char *name = 0;
    u32 size = 0;

    bpf_probe_read_kernel(&size, sizeof(size), &entry->d_name.len);
    bpf_probe_read_kernel(&name, sizeof(name), &entry->d_name.name);
    u64 at = out->at - size - 1;
    if (FS_FOLDER_END - at >= FS_FOLDER_BYTES - sizeof("…")) {
        fs_folder_cut(out);
        return false;
    }
    out->text[FS_PLACE(at)] = '/';
    bpf_probe_read_kernel(&out->text[FS_PLACE(at) + 1], size & FS_NAME_BYTES, name);
    out->at = at;
    return true;
}

// From what is mounted to where it is; false at the top.
static __always_inline bool fs_folder_mount(struct fs_folder *out)
{
    struct mount *mount = (void *)out->here.mnt - __builtin_offsetof(struct mount, mnt), *above = 0;

    bpf_probe_read_kernel(&above, sizeof(above), &mount->mnt_parent);
    bpf_probe_read_kernel(&out->here.dentry, sizeof(out->here.dentry), &mount->mnt_mountpoint);
    out->here.mnt = &above->mnt;
    return above && above != mount;
}

static __always_inline bool fs_folder_up(struct fs_folder *out)
{
    struct dentry *top = 0;

    bpf_probe_read_kernel(&top, sizeof(top), &out->here.mnt->mnt_root);
    if (out->here.dentry == top)
        return fs_folder_mount(out);
    if (!fs_folder_name(out))
        return false;
    bpf_probe_read_kernel(&out->here.dentry, sizeof(out->here.dentry), &out->here.dentry->d_parent);
    return true;
}

// ``column`` has FS_FOLDER_BYTES. One that is too long begins with an ellipsis.
static __always_inline void fs_folder_of(s32 folder, char *column)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    struct fs_struct *fs = 0;
    struct path root = {};
    u32 first = 0, depth;
    struct fs_folder *out = fs_folders.lookup(&first);

    if (!out)
        return;
    bpf_probe_read_kernel(&fs, sizeof(fs), &task->fs);
    bpf_probe_read_kernel(&root, sizeof(root), &fs->root);
    fs_folder_start(out, fs, folder);
    if (!out->here.dentry)
        return; // no such descriptor
    for (depth = 0; depth < FS_FOLDER_DEPTH; depth++) {
        if (out->here.dentry == root.dentry && out->here.mnt == root.mnt)
            break;
        if (!fs_folder_up(out))
            break;
    }
    if (depth == FS_FOLDER_DEPTH)
        fs_folder_cut(out);
    if (out->at == FS_FOLDER_END)
        out->text[FS_PLACE(--out->at)] = '/';
    bpf_probe_read_kernel(column, FS_FOLDER_BYTES, &out->text[FS_PLACE(out->at)]);
}

static __always_inline bool fs_is_relative(const char *path)
{
    char first = 0;

    bpf_probe_read_user(&first, sizeof(first), path);
    return first != '/';
}
#endif
