using System.Net;
using Countersign.Core.Actions;
using Countersign.Core.Storage;
using Countersign.Server.Channels;
using Microsoft.AspNetCore.Http;

namespace Countersign.Tests.Channels.Webhook;

/// <summary>Each change of a review reaches the receiver, whatever happens to it on the way.</summary>
public sealed class WebhookOutboxTests : IAsyncLifetime
{
    private const int Many = 1000;

    private WebhookHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await WebhookHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Every_attempt_has_the_id_of_its_event_and_its_own_time_and_signature()
    {
        _host.Receiver.Answer(503);
        await _host.AskAsync();
        await _host.DeliverAsync();
        _host.Receiver.Answer(204);
        await _host.DeliverAfterAsync(2);

        var (first, second) = (_host.Receiver.All.First(), _host.Receiver.All.Last());
        Assert.Equal((first.Id, first.Text), (second.Id, second.Text));
        Assert.NotEqual((first.Timestamp, first.Signature), (second.Timestamp, second.Signature));
        Assert.All(_host.Receiver.All, each => Assert.Equal(each.SignedBy(WebhookHost.Key), each.Signature));
        Assert.Empty(_host.Console.Store.Outbox);
        Assert.Null(_host.Complaint);
    }

    [Fact]
    public async Task Every_change_of_a_review_is_an_event_of_its_own()
    {
        var asked = await _host.AskAsync();
        await _host.DeliverAsync();
        using var bob = await _host.Console.OpenForAsync("bob");
        await bob.VoteAsync(asked.Id.Value, "deny", "not today");
        await _host.DeliverAsync();

        var events = _host.Receiver.Taken.ToArray();
        Assert.Equal(["pending", "denied"], events.Select(each => StateOf(each)));
        Assert.NotEqual(events[0].Id, events[1].Id);
    }

    [Fact]
    public async Task What_was_taken_is_not_sent_again_when_only_the_receipt_was_lost()
    {
        var asked = await _host.AskAsync();
        await _host.DeliverAsync();
        await _host.Console.Store.CommitAsync(
            new Change { Outbox = [new OutboxDraft("webhook", asked.Id, 1, "review")] }, Cancel);

        _host.Restart();
        await _host.DeliverAsync();

        Assert.Single(_host.Receiver.All);
        Assert.Empty(_host.Console.Store.Outbox);
    }

    [Fact]
    public async Task After_a_429_nothing_is_sent_before_the_receivers_time_is_over()
    {
        _host.Receiver.Fault = (_, context) =>
        {
            context.Response.Headers.RetryAfter = "7";
            return Task.FromResult<IResult?>(Results.StatusCode(429));
        };
        await _host.AskAsync("""{"table":"one"}""");
        await _host.AskAsync("""{"table":"two"}""");
        await _host.DeliverAsync();
        _host.Receiver.Answer(204);

        await _host.DeliverAfterAsync(6);
        Assert.Single(_host.Receiver.All);
        await _host.DeliverAfterAsync(2);

        Assert.Equal(3, _host.Receiver.All.Count);
        Assert.Null(_host.Complaint);
    }

    [Fact]
    public async Task After_a_410_nothing_is_sent_until_the_next_start_and_nothing_is_lost()
    {
        _host.Receiver.Answer(410);
        await _host.AskAsync("""{"table":"one"}""");
        await _host.AskAsync("""{"table":"two"}""");
        await _host.DeliverAsync();
        Assert.Contains("HTTP 410", _host.Complaint, StringComparison.Ordinal);
        await _host.DeliverAfterAsync(3600);
        Assert.Single(_host.Receiver.All);
        Assert.Equal(2, _host.Console.Store.Outbox.Length);

        _host.Receiver.Fault = static (_, _) => Task.FromResult<IResult?>(null);
        _host.Restart();
        await _host.DeliverAsync();

        Assert.Equal(2, _host.Receiver.Taken.Count);
    }

    [Fact]
    [Trait("Threat", "THR-072"), Trait("CWE", "918")]
    public async Task A_redirect_is_not_followed()
    {
        await using var other = await WebhookDouble.StartAsync(Cancel);
        _host.Receiver.Fault = (_, _) =>
            Task.FromResult<IResult?>(Results.Redirect(other.Address.AbsoluteUri, preserveMethod: true));
        await _host.AskAsync();

        await _host.DeliverAsync();

        Assert.Empty(other.All);
        Assert.Contains("HTTP 307", _host.Complaint, StringComparison.Ordinal);
        Assert.Single(_host.Console.Store.Outbox);
    }

    [Fact]
    public async Task A_message_that_is_refused_for_ever_holds_up_no_other()
    {
        _host.Receiver.Fault = (delivered, _) => Task.FromResult(
            delivered.Text.Contains("poison", StringComparison.Ordinal) ? Results.StatusCode(500) : null);
        await _host.AskAsync("""{"table":"poison"}""");
        await _host.AskAsync("""{"table":"two"}""");
        await _host.DeliverAsync();
        await _host.DeliverAfterAsync(10);

        Assert.Contains("two", Assert.Single(_host.Receiver.Taken).Text, StringComparison.Ordinal);
        Assert.Contains("refuses messages (1, the latest with HTTP 500)", _host.Complaint, StringComparison.Ordinal);

        _host.Receiver.Fault = static (_, _) => Task.FromResult<IResult?>(null);
        await _host.DeliverAfterAsync(600);
        Assert.Null(_host.Complaint);
        Assert.Equal(2, _host.Receiver.Taken.Count);
    }

    [Fact]
    public async Task While_the_receiver_is_away_reviews_wait_and_the_channel_is_degraded()
    {
        _host.Receiver.Fault = static (_, context) =>
        {
            context.Abort();
            return Task.FromResult<IResult?>(Results.NoContent());
        };
        var asked = await _host.AskAsync();
        await _host.DeliverAsync();

        Assert.Contains("cannot be reached", _host.Complaint, StringComparison.Ordinal);
        var found = await _host.Console.Office.Gatekeeper.FindAsync(asked.Id, Cancel);
        Assert.Equal(ActionState.Pending, found!.State);
        Assert.Single(_host.Console.Store.Outbox);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_is_given_up_on()
    {
        await using var host = await WebhookHost.StartAsync(TimeSpan.FromMilliseconds(200));
        var over = new TaskCompletionSource();
        host.Receiver.Fault = async (_, context) =>
        {
            await over.Task.WaitAsync(context.RequestAborted);
            return null;
        };
        await host.AskAsync();

        await host.DeliverAsync();
        over.SetResult();

        Assert.Contains("did not answer within", host.Complaint, StringComparison.Ordinal);
        Assert.Single(host.Console.Store.Outbox);
    }

    [Fact]
    public async Task Looking_sends_no_delivery_and_says_when_nobody_is_there()
    {
        await _host.Outbox.LookAsync(Cancel);
        Assert.Empty(_host.Receiver.All);
        await _host.Receiver.DisposeAsync();

        await Assert.ThrowsAsync<ChannelException>(() => _host.Outbox.LookAsync(Cancel));
    }

    [Fact]
    public async Task A_thousand_reviews_reach_the_receiver_over_a_restart_and_only_what_was_under_way_twice()
    {
        var asked = new HashSet<string>();
        for (var i = 0; i < Many; i++)
        {
            asked.Add((await _host.AskAsync($$"""{"table":"t{{i}}"}""")).Id.Value);
        }

        // The node dies after the receiver took a delivery and before it could know that.
        using var death = new CancellationTokenSource();
        _host.Receiver.Fault = async (delivered, context) =>
        {
            if (_host.Receiver.Taken.Count != Many / 2)
            {
                return null;
            }

            _host.Receiver.Taken.Enqueue(delivered);
            await death.CancelAsync();
            return Results.StatusCode((int)HttpStatusCode.NoContent);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await _host.Outbox.DeliverAsync(death.Token))
            {
                // Until it dies.
            }
        });

        _host.Receiver.Fault = static (_, _) => Task.FromResult<IResult?>(null);
        _host.Restart();
        while (!_host.Console.Store.Outbox.IsEmpty)
        {
            await _host.DeliverAfterAsync(61);
        }

        Assert.True(asked.SetEquals(_host.Receiver.Taken.Select(each => each.Action)));
        Assert.InRange(_host.Receiver.Taken.Count, Many, Many + 1);
        Assert.Equal(Many, _host.Receiver.Taken.Select(each => each.Id).Distinct().Count());
    }

    private static string StateOf(Delivered each) =>
        each.Json.GetProperty("data").GetProperty("state").GetString()!;
}
