// From a descriptor of the current task to what the kernel holds behind it. For tools that ask for it with FS_FILES.
#ifdef FS_FILES
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/sched.h>

// Zero when the descriptor is not open.
static __always_inline struct file *fs_file(u32 fd)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    struct files_struct *files = 0;
    struct fdtable *table = 0;
    struct file **list = 0, *file = 0;
    u32 size = 0;

    bpf_probe_read_kernel(&files, sizeof(files), &task->files);
    bpf_probe_read_kernel(&table, sizeof(table), &files->fdt);
    bpf_probe_read_kernel(&size, sizeof(size), &table->max_fds);
    bpf_probe_read_kernel(&list, sizeof(list), &table->fd);
    if (fd < size)
        bpf_probe_read_kernel(&file, sizeof(file), &list[fd]);
    return file;
}

static __always_inline struct inode *fs_inode(struct file *file)
{
    struct inode *inode = 0;

    bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
    return inode;
}
#endif
