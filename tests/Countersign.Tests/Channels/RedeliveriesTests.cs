using Countersign.Core.Storage;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;
using Countersign.Tests.Support;

namespace Countersign.Tests.Channels;

/// <summary>Two nodes behind one address: the same delivery may come to either of them, or to both.</summary>
public sealed class RedeliveriesTests
{
    private readonly ManualTime _time = new();
    private readonly MemoryStore _store;
    private int _answered;

    public RedeliveriesTests() => _store = new MemoryStore(_time);

    [Fact]
    [Trait("Threat", "THR-023"), Trait("CWE", "294")]
    public async Task What_one_node_answered_does_nothing_on_another()
    {
        await Node().AnswerOnceAsync("delivery", AnswerAsync);

        Assert.IsType<SlackAnswer.Done>(await Node().AnswerOnceAsync("delivery", AnswerAsync));
        Assert.Equal(1, _answered);
        _time.Advance(SlackSignature.Memory);
        await Node().AnswerOnceAsync("delivery", AnswerAsync);
        Assert.Equal(2, _answered);
    }

    [Fact]
    public async Task What_is_under_way_on_one_node_is_not_acknowledged_by_another()
    {
        var end = new TaskCompletionSource<SlackAnswer>();
        var first = Node().AnswerOnceAsync("delivery", () => end.Task);

        Assert.IsType<SlackAnswer.Unavailable>(await Node().AnswerOnceAsync("delivery", AnswerAsync));
        end.SetResult(new SlackAnswer.Done());
        await first;
        Assert.IsType<SlackAnswer.Done>(await Node().AnswerOnceAsync("delivery", AnswerAsync));
        Assert.Equal(0, _answered);
    }

    [Fact]
    public async Task What_one_node_could_not_record_another_tries_again()
    {
        await Node().AnswerOnceAsync(
            "delivery", () => Task.FromResult<SlackAnswer>(new SlackAnswer.Unavailable()));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Node().AnswerOnceAsync(
            "delivery", () => throw new StoreUnavailableException("The disk is full.")));

        await Node().AnswerOnceAsync("delivery", AnswerAsync);

        Assert.Equal(1, _answered);
    }

    private Redeliveries<SlackAnswer> Node() => new(SlackInbox.Deliveries, _time, _store);

    private Task<SlackAnswer> AnswerAsync()
    {
        _answered++;
        return Task.FromResult<SlackAnswer>(new SlackAnswer.Done());
    }
}
