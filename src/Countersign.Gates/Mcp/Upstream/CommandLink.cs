using System.Collections.Concurrent;
using System.Diagnostics;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// The stdio transport towards a process of our own: one message per line, answers found by their ids. The process
/// lives as long as the link, and what it prints on standard error goes to the log.
/// </summary>
internal sealed class CommandLink : IUpstreamLink
{
    private readonly Process _process;
    private readonly LinkTerms _terms;
    private readonly ConcurrentDictionary<RpcId, Waiter> _waiting = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _reading;
    private volatile bool _ended;

    private CommandLink(Process process, LinkTerms terms)
    {
        _process = process;
        _terms = terms;
        _reading = ReadAsync();
    }

    public bool IsOpen => !_ended;

    /// <summary>Starts the program.</summary>
    /// <exception cref="UpstreamException">It cannot be started.</exception>
    public static CommandLink Start(McpUpstream.Command command, LinkTerms terms, Action<string> onErrorLine)
    {
        var process = new Process { StartInfo = StartOf(command) };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
            {
                onErrorLine(text);
            }
        };
        try
        {
            process.Start();
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            process.Dispose();
            throw new UpstreamException(
                SendFate.NotSent,
                $"The target's program '{command.Program}' cannot be started ({failure.Message}).",
                failure);
        }

        process.BeginErrorReadLine();
        return new CommandLink(process, terms);
    }

    public async Task<RpcMessage.Response> RequestAsync(Outgoing request, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(request.Related);
        _waiting[request.Id] = waiter;
        try
        {
            await SendAsync(request.Message, cancellationToken);
            // The reader may have ended between the check in there and the entry above.
            return _ended && !waiter.Answer.Task.IsCompleted
                ? throw Gone(SendFate.Lost)
                : await waiter.Answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException late)
        {
            throw new UpstreamException(SendFate.Lost, "The target's program did not answer in time.", late);
        }
        finally
        {
            _waiting.TryRemove(request.Id, out _);
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        if (_ended)
        {
            throw Gone(SendFate.NotSent);
        }

        byte[] line = [.. message.Span, (byte)'\n'];
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var input = _process.StandardInput.BaseStream;
            await input.WriteAsync(line, CancellationToken.None);
            await input.FlushAsync(CancellationToken.None);
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
        {
            throw new UpstreamException(SendFate.Lost, "The target's program stopped reading.", broken);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Agree(string protocolVersion)
    {
        // The stdio transport names the version in the handshake only.
    }

    public async ValueTask DisposeAsync()
    {
        _ended = true;
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It had ended by itself.
        }

        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
        _writing.Dispose();
    }

    private static ProcessStartInfo StartOf(McpUpstream.Command command)
    {
        var start = new ProcessStartInfo(command.Program, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Except(["PATH", "HOME", "LANG", "TMPDIR"]).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        var fate = SendFate.Lost;
        try
        {
            await using var lines = new LineReader(_process.StandardOutput.BaseStream, _terms.MaxMessage);
            while (await lines.ReadAsync(CancellationToken.None) is { } line)
            {
                if (RpcMessage.TryRead(line, out var message))
                {
                    await DeliverAsync(message);
                }
            }
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process ended; whoever waits is told below.
        }
        catch (MessageTooLongException)
        {
            // The line cannot be attributed to a request, and reading on in the middle of it is impossible.
            fate = SendFate.TooLarge;
        }

        _ended = true;
        foreach (var waiter in _waiting.Values)
        {
            waiter.Answer.TrySetException(Gone(fate));
        }
    }

    private Task DeliverAsync(RpcMessage message)
    {
        if (message is RpcMessage.Response answer)
        {
            if (_waiting.TryGetValue(answer.Id, out var waiter))
            {
                waiter.Answer.TrySetResult(answer);
            }

            return Task.CompletedTask;
        }

        return _terms.Arrival(message, LikelyRelated());
    }

    /// <summary>
    /// A pipe does not say which request a message belongs to; with one request in flight there is no doubt.
    /// </summary>
    private Exchange? LikelyRelated()
    {
        var related = _waiting.Values.Select(waiter => waiter.Related).OfType<Exchange>().Take(2).ToList();
        return related.Count == 1 ? related[0] : null;
    }

    private UpstreamException Gone(SendFate fate) => new(
        fate,
        fate == SendFate.TooLarge
            ? $"The target's program sent a message of more than {_terms.MaxMessage} bytes."
            : "The target's program has ended.");

    private sealed record Waiter(Exchange? Related)
    {
        public TaskCompletionSource<RpcMessage.Response> Answer { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
