using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Server.Channels;
using Countersign.Tests.Console;

namespace Countersign.Tests.Channels.Email;

/// <summary>Who is told by mail of a review, when, and what happens while the mail server does not want to.</summary>
public sealed class EmailOutboxTests : IAsyncLifetime
{
    private const int Many = 1000;

    private EmailHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await EmailHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Who_can_act_and_has_an_address_gets_one_mail_and_nobody_else()
    {
        var asked = await _host.AskToldAsync();
        await _host.DeliverAfterAsync(120);

        // Alice stands behind the agent, Carol has no address, Dora is no database owner. Rows name nobody.
        Assert.Equal(["bob@example.com"], _host.Told);
        Assert.Empty(_host.Console.Store.Outbox);
        Assert.DoesNotContain("bob", await _host.Console.Store.FindPostingAsync("email", asked.Id, Cancel));
    }

    [Fact]
    public async Task A_stage_that_escalates_tells_those_it_asks_from_then_on()
    {
        _host.Console.Require(ConsoleHost.Need("writes", "why", new Stage(
            [Party.Parse("carol")], Need: 1, TimeSpan.FromMinutes(15), [Party.Parse("group:oncall")])));
        await _host.AskToldAsync();
        Assert.Empty(_host.Told);

        _host.Time.Advance(TimeSpan.FromMinutes(16));
        _host.Console.Store.Due = async () =>
            [(await _host.Console.Store.ListAsync(new ActionFilter(), Cancel)).Single().Row.Id];
        await _host.Console.Office.Reaper.SweepAsync(Cancel);
        await _host.DeliverAsync();

        Assert.Equal(["bob@example.com"], _host.Told);
    }

    [Fact]
    public async Task The_next_stage_tells_its_own_people_and_an_end_tells_nobody()
    {
        _host.Console.Require(ConsoleHost.Need(
            "two", "why", ConsoleHost.Of("bob", 1), ConsoleHost.Of("dora", 1)));
        var asked = await _host.AskToldAsync();
        using var bob = await _host.Console.OpenForAsync("bob");
        await bob.VoteAsync(asked.Id.Value, "approve");
        await _host.DeliverAsync();
        Assert.Equal(["bob@example.com", "dora@example.com"], _host.Told);

        using var dora = await _host.Console.OpenForAsync("dora");
        await dora.VoteAsync(asked.Id.Value, "deny");
        await _host.DeliverAsync();

        Assert.Equal(2, _host.Told.Length);
        Assert.Empty(_host.Console.Store.Outbox);
    }

    [Fact]
    public async Task A_request_that_somebody_changed_asks_anew()
    {
        var asked = await _host.AskToldAsync();
        Assert.True(CanonicalJson.TryCanonicalize(
            """{"table":"old_orders"}"""u8, JsonLimits.Default, out var arguments, out _));
        var target = _host.Console.Charter.Targets[asked.Action.Target];
        var changed = new Asking(
            asked.Asker, target, asked.Via, CanonicalAction.Of(target.Name, asked.Action.Operation, arguments));

        var answer = await _host.Console.Office.Revisions.ReviseAsync(
            asked.Id,
            new Voter(new PersonId("carol"), Assurance.Session),
            new Revision(asked.Action.Digest, changed, "The old ones."),
            Cancel);
        await _host.DeliverAsync();

        Assert.IsType<RevisionAnswer.Recorded>(answer);
        Assert.Equal(["bob@example.com", "bob@example.com"], _host.Told);
        Assert.Equal(2, _host.Smtp.Taken.Select(mail => mail.Mime.MessageId).Distinct().Count());
    }

    [Fact]
    public async Task Who_stands_in_for_somebody_is_told_for_whom()
    {
        var charter = _host.Console.Charter;
        _host.Console.Charter = charter with
        {
            People = charter.People.With(ImmutableDictionary.CreateRange(
                [KeyValuePair.Create(new PersonId("carol"), new PersonId("dora"))])),
        };

        await _host.AskToldAsync();

        Assert.Equal(["bob@example.com", "dora@example.com"], _host.Told);
        Assert.Contains("You stand in for Carol Danvers (carol).", _host.Smtp.Taken.Last().Text);
        Assert.DoesNotContain("You stand in", _host.Smtp.Taken.First().Text);
    }

    [Fact]
    public async Task A_notice_goes_to_everybody_who_may_review()
    {
        await PolicyReverted.CommitAsync(_host.Console.Store, "email", Cancel);
        await _host.DeliverAsync();

        Assert.Equal(["alice@example.com", "bob@example.com"], _host.Told);
        Assert.All(_host.Smtp.Taken, mail => Assert.Equal("The policy was changed back", mail.Mime.Subject));
    }

    [Fact]
    public async Task A_notice_is_told_once_to_each_over_a_restart()
    {
        using var death = new CancellationTokenSource();
        _host.Smtp.OnMail = mail =>
        {
            if (mail.To[0].StartsWith("alice", StringComparison.Ordinal) || death.IsCancellationRequested)
            {
                return "250 queued";
            }

            death.Cancel();
            return null;
        };
        await PolicyReverted.CommitAsync(_host.Console.Store, "email", Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _host.Outbox.DeliverAsync(death.Token));
        Assert.Equal(["alice@example.com"], _host.Told);

        _host.Restart();
        while (!_host.Console.Store.Outbox.IsEmpty)
        {
            await _host.DeliverAfterAsync(61);
        }

        Assert.Equal(["alice@example.com", "bob@example.com"], _host.Told);
    }

    [Fact]
    public async Task One_recipient_whom_the_server_refuses_is_given_up_and_the_others_are_told()
    {
        _host.Console.Require(ConsoleHost.Need("writes", "why", new Stage(
            [Party.Parse("bob"), Party.Parse("dora")], Need: 1, TimeSpan.FromMinutes(15), [])));
        _host.Smtp.OnRecipient = address => address.StartsWith("bob", StringComparison.Ordinal)
            ? "550 5.1.1 no such user" : "250 ok";

        await _host.AskToldAsync();
        await _host.DeliverAfterAsync(120);

        Assert.Equal(["dora@example.com"], _host.Told);
        Assert.Contains("refuses mail to 1 persons", _host.Complaint, StringComparison.Ordinal);
        Assert.DoesNotContain("bob", _host.Complaint, StringComparison.Ordinal);
        Assert.Single(_host.Smtp.Commands, "DATA");

        _host.Smtp.OnRecipient = static _ => "250 ok";
        await _host.AskAsync("""{"table":"customers"}""");
        await _host.DeliverAsync();
        Assert.Null(_host.Complaint);
    }

    [Theory]
    [InlineData("451 4.3.0 later")]
    [InlineData("421 4.3.2 closing")]
    [InlineData(null)]
    public async Task What_the_server_does_not_take_now_waits_and_degrades_the_channel(string? answer)
    {
        _host.Smtp.OnMail = _ => answer;
        var asked = await _host.AskToldAsync();
        Assert.Empty(_host.Told);
        Assert.NotNull(_host.Complaint);
        Assert.Equal(ActionState.Pending, (await _host.FindAsync(asked.Id)).State);

        _host.Smtp.OnMail = static _ => "250 queued";
        await _host.DeliverAfterAsync(2);

        Assert.Equal(["bob@example.com"], _host.Told);
        Assert.Null(_host.Complaint);
    }

    [Fact]
    public async Task A_mail_whose_fate_nobody_knows_comes_again_as_the_same_mail()
    {
        var ids = new List<string>();
        _host.Smtp.OnMail = mail =>
        {
            ids.Add(mail.Mime.MessageId!);
            return ids.Count == 1 ? null : "250 queued";
        };
        await _host.AskToldAsync();
        await _host.DeliverAfterAsync(2);

        Assert.Equal(2, ids.Count);
        Assert.Equal(ids[0], ids[1]);
    }

    [Fact]
    public async Task A_server_that_is_gone_degrades_the_channel_before_the_first_review()
    {
        await _host.Outbox.LookAsync(Cancel);
        _host.Time.Advance(TimeSpan.FromMinutes(6));
        await _host.Smtp.DisposeAsync();

        var away = await Assert.ThrowsAsync<ChannelException>(() => _host.Outbox.LookAsync(Cancel));

        Assert.StartsWith("The mail server", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_burst_is_spread_over_the_minute()
    {
        for (var i = 0; i < 30; i++)
        {
            await _host.AskAsync($$"""{"table":"t{{i}}"}""");
        }

        await _host.DeliverAsync();
        Assert.Equal(10, _host.Told.Length);
        await _host.DeliverAfterAsync(5);
        Assert.Equal(15, _host.Told.Length);
        Assert.Null(_host.Complaint);
    }

    [Fact]
    public async Task A_thousand_reviews_are_told_over_a_restart_and_only_what_was_under_way_twice()
    {
        for (var i = 0; i < Many; i++)
        {
            await _host.AskAsync($$"""{"table":"t{{i}}"}""");
        }

        // The node dies after the server took a mail and before it could know that.
        using var death = new CancellationTokenSource();
        _host.Smtp.OnMail = mail =>
        {
            if (_host.Smtp.Taken.Count == Many / 2)
            {
                _host.Smtp.Taken.Enqueue(mail);
                death.Cancel();
                return null;
            }

            return "250 queued";
        };
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (true)
            {
                await _host.Outbox.DeliverAsync(death.Token);
                death.Token.ThrowIfCancellationRequested();
                _host.Time.Advance(TimeSpan.FromSeconds(10));
            }
        });

        _host.Smtp.OnMail = static _ => "250 queued";
        _host.Restart();
        _host.Time.Advance(TimeSpan.FromSeconds(61));
        while (!_host.Console.Store.Outbox.IsEmpty)
        {
            await _host.DeliverAfterAsync(10);
        }

        var ids = _host.Smtp.Taken.Select(mail => mail.Mime.MessageId).ToList();
        Assert.Equal(Many, ids.Distinct().Count());
        Assert.InRange(ids.Count, Many, Many + 1);
    }
}
