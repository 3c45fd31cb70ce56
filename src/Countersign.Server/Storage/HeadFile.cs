using System.Text;
using Countersign.Core.Storage;
using Countersign.Server.Keys;

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

    private readonly string _path;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();

    private readonly Lock _file = new();

    // Guarded by _file, as is the file itself; readers only look whether it is set.
    private volatile string? _failure;

    // Guarded by _file.
    private bool _isNamed;

    // Guarded by _gate.
    private string? _newest;
    private bool _isWriting;
    private Task _writing = Task.CompletedTask;

    public HeadFile(string path) => _path = path;

    /// <summary>
    /// Why the last write failed; <c>null</c> when it succeeded. While it is set nothing may be committed.
    /// </summary>
    public string? Failure => _failure;

    /// <summary>
    /// The checkpoint, or <c>null</c> without a file; throws <see cref="StoreUnavailableException"/> when it is there
    /// and cannot be read.
    /// </summary>
    public string? Read()
    {
        try
        {
            return File.ReadAllText(_path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The head file '{_path}' cannot be read: {e.Message} Make it readable for the user who runs "
                + "countersign, or correct ledger.head_file.", e);
        }
    }

    /// <summary>
    /// Writes at once; throws <see cref="StoreUnavailableException"/> when the file cannot be written.
    /// </summary>
    public void Write(string checkpoint)
    {
        lock (_file)
        {
            try
            {
                Replace(checkpoint);
                _failure = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _failure = $"The head file '{_path}' cannot be written: {e.Message} Free space or correct its "
                    + "permissions; commits resume by themselves.";
                throw new StoreUnavailableException(_failure, e);
            }
        }
    }

    /// <summary>Writes soon, on another thread; a failure shows in <see cref="Failure"/>.</summary>
    public void Publish(string checkpoint)
    {
        lock (_gate)
        {
            _newest = checkpoint;
            if (!_isWriting)
            {
                _isWriting = true;
                _writing = Task.Run(WriteNewestAsync);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (_gate)
        {
            last = _writing;
        }

        await _closing.CancelAsync();
        await last;
        _closing.Dispose();
    }

    private void Replace(string checkpoint)
    {
        var temporary = _path + ".new";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(Encoding.UTF8.GetBytes(checkpoint));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
        FlushNameOnce();
    }

    /// <summary>
    /// A file that was never there must not be gone after a power failure: a store without its head file is refused.
    /// Later renames need no flush, because the one before them is still a valid head.
    /// </summary>
    private void FlushNameOnce()
    {
        if (!_isNamed)
        {
            DurableFolder.FlushOf(_path);
            _isNamed = true;
        }
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

            await Task.Delay(Interval, _closing.Token).ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private string? TakeNewest()
    {
        lock (_gate)
        {
            var taken = _newest;
            _newest = null;
            _isWriting = taken is not null;
            return taken;
        }
    }
}
