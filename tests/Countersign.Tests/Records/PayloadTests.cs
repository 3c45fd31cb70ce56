using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;
using Countersign.Tests.Reviews;

namespace Countersign.Tests.Records;

public sealed class PayloadTests
{
    [Theory]
    [InlineData("""{"a":[1,null]}""")]
    [InlineData("null")]
    [InlineData(null)]
    public void An_outcome_reads_as_it_was_written(string? result)
    {
        var bytes = result is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(result);
        var outcome = new Outcome(OutcomeState.Failed, bytes, "why", TimeSpan.FromMilliseconds(5));

        var payload = PayloadWriter.Write(json => PayloadWriter.Outcome(json, outcome, fence: 3));
        using var document = JsonDocument.Parse(payload);
        var read = PayloadReader.Outcome(document.RootElement);

        Assert.Equal(outcome with { Result = null }, read with { Result = null });
        Assert.Equal(result, read.Result is { } kept ? Encoding.UTF8.GetString(kept.Span) : null);
    }

    [Fact]
    public void A_stored_action_reads_as_it_was_recorded()
    {
        var record = Sample();

        var read = ActionRecord.Of(Store(record));

        Assert.Equal(record.Action.Digest, read.Action.Digest);
        Assert.Equal(record.Action.Arguments.Bytes.ToArray(), read.Action.Arguments.Bytes.ToArray());
        Assert.Equal(record.Asker, read.Asker);
        Assert.Equal(record.Claimed, read.Claimed);
        Assert.Equal(record.Facts.Members["tool"], read.Facts.Members["tool"]);
        Assert.Equal(record.Preview!.Cascades!.Value.ToArray(), read.Preview!.Cascades!.Value.ToArray());
        Assert.Equal(record.Life.Tracks[0].Deadline, read.Life.Tracks[0].Deadline);
        Assert.Equal(
            record.Verdict.Requirements[0].Stages[0].Of.ToArray(), read.Verdict.Requirements[0].Stages[0].Of.ToArray());
        Assert.False(record.Verdict.IsStricterThan(read.Verdict));
        Assert.False(read.Verdict.IsStricterThan(record.Verdict));
    }

    [Fact]
    public void A_preview_that_says_nothing_of_cascades_is_not_read_as_one_without_any()
    {
        var none = Sample() with { Preview = new Preview("exports") { Cascades = [] } };

        Assert.Empty(ActionRecord.Of(Store(none)).Preview!.Cascades!.Value);
        Assert.Null(ActionRecord.Of(Store(Sample() with { Preview = Preview.Failed("too late") })).Preview!.Cascades);
    }

    [Fact]
    public void Arguments_that_do_not_have_the_stored_digest_are_refused()
    {
        var stored = Store(Sample());
        var other = stored with { Row = stored.Row with { Digest = ActionDigest.Of("other"u8) } };

        Assert.Throws<StoreUnavailableException>(() => ActionRecord.Of(other));
    }

    private static StoredAction Store(ActionRecord record) => new(
        RecordCodec.ToRow(record),
        Votes: [],
        PayloadWriter.Write(json => PayloadWriter.Request(json, record)),
        Outcome: null,
        Ending: null,
        new LedgerPosition(0, 1, LifecycleSample.Start));

    internal static ActionRecord Sample()
    {
        var arguments = new CanonicalObject().Add("country", "UK").Add("big", 12345678901234567).ToCanonicalJson();
        var action = CanonicalAction.Of(new TargetName("ops"), "export", arguments);
        var asker = new Asker(new AgentId("bot"), new PersonId("carol"));
        var requirement = LifecycleSample.Requires(LifecycleSample.Stage(2, escalate: "alice"));
        return new ActionRecord
        {
            Id = ActionId.Create(LifecycleSample.Start, new byte[10]),
            Version = 0,
            Asker = asker,
            Gate = GateKind.Mcp,
            Via = GateKind.Api,
            Environment = "production",
            Action = action,
            Facts = Facts.Of("mcp", ("tool", "export")),
            Claimed = Claimed.Of("because", "s1"),
            Verdict = LifecycleSample.Held(requirement),
            Preview = new Preview("exports 3 rows") { Rows = 3, Exact = true, Cascades = [new Cascade("logs", 2)] },
            Key = AttachKey.Of(asker, action, null),
            Detached = true,
            CreatedAt = LifecycleSample.Start,
            Life = LifecycleSample.Pending(requirement) with { Digest = action.Digest },
            Ledger = new LedgerPosition(0, 1, LifecycleSample.Start),
        };
    }
}
