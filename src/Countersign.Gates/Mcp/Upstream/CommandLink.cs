using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
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
    private readonly ConcurrentDictionary<RpcId, TaskCompletionSource<RpcMessage.Response>> _waiting = new();

    /// <summary>
    /// Ends everything that waits on the pipes: something the program started may hold them open beyond its end.
    /// </summary>
    private readonly CancellationTokenSource _over = new();

    // Guards _input and _write. Left to the collector: a late sender may still wait for it, and it owns no handle.
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Stream _input;
    private Task _write = Task.CompletedTask;

    private readonly Task _reading;
    private readonly Task _listening;
    private volatile bool _ended;

    private CommandLink(Process process, LinkTerms terms, Action<string> onError)
    {
        _process = process;
        _terms = terms;
        _input = process.StandardInput.BaseStream;
        _reading = ReadAsync(_over.Token);
        _listening = ListenAsync(onError, _over.Token);
    }

    public bool IsOpen => !_ended;

    public bool HasOneStream => true;

    /// <summary>Starts the program; what it prints on standard error is given on in pieces, as it comes.</summary>
    /// <exception cref="UpstreamException">It cannot be started.</exception>
    public static CommandLink Start(McpUpstream.Command command, LinkTerms terms, Action<string> onError)
    {
        var process = new Process { StartInfo = StartOf(command) };
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

        return new CommandLink(process, terms, onError);
    }

    public async Task<RpcMessage.Response> RequestAsync(Outgoing request, CancellationToken cancellationToken)
    {
        if (request.Credential is not null)
        {
            throw new UpstreamException(SendFate.NotSent, "A program on stdio takes no credential for one call.");
        }

        var waiter = new TaskCompletionSource<RpcMessage.Response>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[request.Id] = waiter;
        try
        {
            await SendAsync(request.Message, cancellationToken);
            // The reader may have ended between the check in there and the entry above.
            return _ended && !waiter.Task.IsCompleted
                ? throw Gone(SendFate.Lost)
                : await waiter.Task.WaitAsync(cancellationToken);
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
        var fate = SendFate.NotSent;
        try
        {
            await _writing.WaitAsync(cancellationToken);
            fate = SendFate.Lost;
            _write = WriteAsync([.. message.Span, (byte)'\n']);
            await _write.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException late)
        {
            throw new UpstreamException(fate, "The target's program did not take the message in time.", late);
        }
    }

    public void Agree(string protocolVersion)
    {
        // The stdio transport names the version in the handshake only.
    }

    public void Describe(Activity span) => span.SetTag("network.transport", "pipe");

    public async ValueTask DisposeAsync()
    {
        Stop();
        await Task.WhenAll(_reading, _listening, _write).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
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

    private void Stop()
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

        _over.Cancel();
    }

    /// <summary>
    /// Writes one line in the turn its sender waited for. A sender that gives up does not stop it, because half a line
    /// would garble the next one; a program that does not read at all is ended.
    /// </summary>
    private async Task WriteAsync(byte[] line)
    {
        try
        {
            if (_ended)
            {
                throw Gone(SendFate.NotSent);
            }

            using var limit = new CancellationTokenSource(_terms.Send, _terms.Time);
            await using var stopping = limit.Token.Register(Stop);
            await _input.WriteAsync(line, _over.Token);
            await _input.FlushAsync(_over.Token);
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or OperationCanceledException)
        {
            throw new UpstreamException(SendFate.Lost, "The target's program stopped reading.", broken);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ListenAsync(Action<string> onError, CancellationToken cancellationToken)
    {
        var piece = new byte[4096];
        int read;
        while ((read = await _process.StandardError.BaseStream.ReadAsync(piece, cancellationToken)) > 0)
        {
            onError(Encoding.UTF8.GetString(piece, 0, read).TrimEnd());
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        var fate = SendFate.Lost;
        try
        {
            await using var lines = new LineReader(_process.StandardOutput.BaseStream, _terms.MaxMessage);
            while (await lines.ReadAsync(cancellationToken) is { } line)
            {
                if (RpcMessage.TryRead(line, out var message))
                {
                    await DeliverAsync(message);
                }
            }
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The process ended; whoever waits is told below.
        }
        catch (MessageTooLongException)
        {
            // Reading on in the middle of it is impossible. With several requests in flight nobody knows whose it was.
            fate = _waiting.Count == 1 ? SendFate.TooLarge : SendFate.Lost;
        }
        finally
        {
            End(fate);
        }
    }

    private void End(SendFate fate)
    {
        _ended = true;
        foreach (var waiter in _waiting.Values)
        {
            waiter.TrySetException(Gone(fate));
        }
    }

    private Task DeliverAsync(RpcMessage message)
    {
        if (message is RpcMessage.Response answer && _waiting.TryGetValue(answer.Id, out var waiter))
        {
            waiter.TrySetResult(answer);
        }

        // Answers as well: whoever waited for one may have given up.
        return _terms.Arrival(message, null);
    }

    private UpstreamException Gone(SendFate fate) => new(
        fate,
        fate == SendFate.TooLarge
            ? $"The target's program sent a message of more than {_terms.MaxMessage} bytes."
            : "The target's program has ended.");
}
