using System.Threading.Channels;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;

namespace Countersign.Tests.Core;

/// <summary>A caller on the line: it is told of every review it waits for, and hangs up when the test does.</summary>
internal sealed class LiveCall : IAsyncDisposable
{
    private readonly Channel<ActionRecord> _held = Channel.CreateUnbounded<ActionRecord>();
    private readonly CancellationTokenSource _line;
    private readonly Task<Handled> _handled;

    public LiveCall(CoreHost host, Asking asking, TimeSpan patience)
    {
        _line = CancellationTokenSource.CreateLinkedTokenSource(host.Cancel);
        var call = new Call(host.Target.ExecuteAsync, patience, held => _held.Writer.TryWrite(held));
        _handled = host.Gatekeeper.HandleAsync(asking, call, _line.Token);
    }

    /// <summary>The next review that the call was told to wait for.</summary>
    public Task<ActionRecord> HeldAsync() => _held.Reader.ReadAsync(_line.Token).AsTask();

    public Task<Handled> HandledAsync() => _handled;

    /// <summary>The answer; it leaves for the caller as soon as it is there.</summary>
    public async Task<Answer> AnswerAsync()
    {
        using var handled = await _handled;
        return handled.Answer;
    }

    /// <summary>The record that the call was answered with.</summary>
    public async Task<ActionRecord> EndedAsync() => Assert.IsType<Answer.Ended>(await AnswerAsync()).Record;

    public async ValueTask DisposeAsync()
    {
        await _line.CancelAsync();
        await _handled.ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _line.Dispose();
    }
}
