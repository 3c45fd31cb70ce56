using System.Text;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// The latest checkpoint, kept outside the database: a database put back from an old copy is behind it and gives itself
/// away (DESIGN section 5).
/// </summary>
/// <remarks>
/// Writes are coalesced: the first of a busy stretch is written at once, then the newest one every
/// <see cref="Interval"/>, because every rename makes the disk's journal compete with the commits. The file may
/// therefore be a few commits old after a crash, but never ahead of the database, because only committed checkpoints
/// come here. The bytes are flushed before the rename; a rename lost with the power leaves the older, still valid file.
/// </remarks>
internal sealed class HeadFile : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly string path;
    private readonly CancellationTokenSource closing = new();
    private readonly Lock gate = new();

    private readonly Lock file = new();

    // Guarded by file, as is the file itself; readers only look whether it is set.
    private volatile string? failure;

    // Guarded by gate.
    private string? newest;
    private bool isWriting;
    private Task writing = Task.CompletedTask;

    public HeadFile(string path) => this.path = path;

    /// <summary>
    /// Why the last write failed; <c>null</c> when it succeeded. While it is set nothing may be committed.
    /// </summary>
    public string? Failure => failure;

    public string? Read() => File.Exists(path) ? File.ReadAllText(path) : null;

    /// <summary>
    /// Writes at once; throws <see cref="StoreUnavailableException"/> when the file cannot be written.
    /// </summary>
    public void Write(string checkpoint)
    {
        lock (file)
        {
            try
            {
                Replace(checkpoint);
                failure = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failure = $"The head file '{path}' cannot be written: {e.Message} Free space or correct its "
                    + "permissions; commits resume by themselves.";
                throw new StoreUnavailableException(failure, e);
            }
        }
    }

    /// <summary>Writes soon, on another thread; a failure shows in <see cref="Failure"/>.</summary>
    public void Publish(string checkpoint)
    {
        lock (gate)
        {
            newest = checkpoint;
            if (!isWriting)
            {
                isWriting = true;
                writing = Task.Run(WriteNewestAsync);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (gate)
        {
            last = writing;
        }

        await closing.CancelAsync();
        await last;
        closing.Dispose();
    }

    private void Replace(string checkpoint)
    {
        var temporary = path + ".new";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(Encoding.UTF8.GetBytes(checkpoint));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private async Task WriteNewestAsync()
    {
        while (TakeNewest() is { } checkpoint)
        {
            try
            {
                Write(checkpoint);
            }
            catch (StoreUnavailableException)
            {
                // The reason is in Failure, which stops the next commit; that one tries again.
            }

            await Task.Delay(Interval, closing.Token).ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private string? TakeNewest()
    {
        lock (gate)
        {
            var taken = newest;
            newest = null;
            isWriting = taken is not null;
            return taken;
        }
    }
}
