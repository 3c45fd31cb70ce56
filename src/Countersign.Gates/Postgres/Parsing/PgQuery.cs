using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// libpg_query in a child process: requests are answered one after the other, in the order in which they came. A child
/// that dies, hangs or speaks nonsense costs the request that it was at; the next one gets another child.
/// </summary>
internal sealed class PgQuery(PgQueryOptions options, TimeProvider time) : IAsyncDisposable
{
    private static readonly string[] s_inherited = ["PATH", "HOME", "LANG", "TMPDIR", "DOTNET_ROOT"];

    /// <summary>What the child's runtime may hold by itself; trees are the library's.</summary>
    private static readonly KeyValuePair<string, string>[] s_runtime =
    [
        new("DOTNET_gcServer", "0"),
        new("DOTNET_gcConcurrent", "0"),
        new("DOTNET_GCHeapHardLimit", "0x10000000"),
        new("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"),
        new("DOTNET_EnableDiagnostics", "0"),
    ];

    // Guards everything below: whoever holds it talks to the child.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Process? _child;
    private Task _errors = Task.CompletedTask;
    private int _failures;
    private bool _isDisposed;

    /// <summary>The child that answers now, for tests that end it; <c>null</c> before the first request.</summary>
    public int? ChildId => _child?.Id;

    /// <param name="verb">What is wanted of the text.</param>
    /// <param name="text">Within the limits of <see cref="SqlScan"/>.</param>
    /// <param name="cancellationToken">Ends waiting for a turn; a request that was sent is read to its end.</param>
    public async Task<PgQueryAnswer> AskAsync(
        PgQueryVerb verb, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return await AskInTurnAsync_NeedsLock(verb, text);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        try
        {
            _isDisposed = true;
            await EndChildAsync_NeedsLock();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<PgQueryAnswer> AskInTurnAsync_NeedsLock(PgQueryVerb verb, ReadOnlyMemory<byte> text)
    {
        using var limit = new CancellationTokenSource(options.Time, time);
        try
        {
            var child = await ChildAsync_NeedsLock(limit.Token);
            var answer = await ExchangeAsync(child, verb, text, limit.Token);
            _failures = 0;
            return answer;
        }
        catch (Exception failure) when (failure
            is OperationCanceledException or IOException or InvalidDataException or Win32Exception
            or InvalidOperationException)
        {
            _failures++;
            var end = await EndChildAsync_NeedsLock();
            return new PgQueryAnswer.Failed(failure is OperationCanceledException
                ? $"the parser did not answer within {options.Time.TotalSeconds:0.###} s"
                : $"the parser failed ({failure.Message.TrimEnd('.')}{end})");
        }
    }

    /// <summary>The first failure costs no time, so that one odd text does not keep others waiting.</summary>
    private async Task<Process> ChildAsync_NeedsLock(CancellationToken cancellationToken)
    {
        if (_child is { HasExited: false } running)
        {
            return running;
        }

        await EndChildAsync_NeedsLock();
        if (_failures > 1)
        {
            var wait = options.FirstWait * Math.Pow(2, Math.Min(_failures - 2, 16));
            await Task.Delay(wait < options.LongestWait ? wait : options.LongestWait, time, cancellationToken);
        }

        var child = new Process { StartInfo = Start() };
        _child = child;
        child.Start();
        _errors = child.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        return child;
    }

    private ProcessStartInfo Start()
    {
        var start = new ProcessStartInfo(
            options.Program, [.. options.Before, PgQueryOptions.Command, options.Library])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // The child needs no secret of the server's.
        foreach (var name in start.Environment.Keys.Except(s_inherited).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in s_runtime)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private async Task<PgQueryAnswer> ExchangeAsync(
        Process child, PgQueryVerb verb, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        var request = new byte[PgQueryFrame.HeadBytes + text.Length];
        PgQueryFrame.WriteHead(request, (byte)verb, text.Length);
        text.CopyTo(request.AsMemory(PgQueryFrame.HeadBytes));
        await child.StandardInput.BaseStream.WriteAsync(request, cancellationToken);
        await child.StandardInput.BaseStream.FlushAsync(cancellationToken);
        var output = child.StandardOutput.BaseStream;
        var head = new byte[PgQueryFrame.HeadBytes];
        await output.ReadExactlyAsync(head, cancellationToken);
        var (status, length) = PgQueryFrame.ReadHead(head, options.MostAnswer);
        var content = new byte[length];
        await output.ReadExactlyAsync(content, cancellationToken);
        return (PgQueryStatus)status switch
        {
            PgQueryStatus.Done => new PgQueryAnswer.Done(content),
            PgQueryStatus.Wrong when length >= sizeof(int) => new PgQueryAnswer.Wrong(
                Encoding.UTF8.GetString(content.AsSpan(sizeof(int))),
                BinaryPrimitives.ReadInt32LittleEndian(content)),
            _ => throw new InvalidDataException($"The parser's child answered with status {status}."),
        };
    }

    /// <summary>Kills the child by its id, and says how it ended.</summary>
    private async Task<string> EndChildAsync_NeedsLock()
    {
        if (_child is not { } child)
        {
            return "";
        }

        _child = null;
        try
        {
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None);
            await _errors.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return $"; exit code {child.ExitCode}";
        }
        catch (Exception never) when (never is InvalidOperationException or Win32Exception)
        {
            // It was never started.
            return "";
        }
        finally
        {
            child.Dispose();
        }
    }
}
