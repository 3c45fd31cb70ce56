using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Receipts;

namespace Countersign.Tests.Receipts;

/// <summary>
/// What somebody could write who runs a gateway and holds its ledger's key, and what a verifier has to say to it. None
/// of them could make a passkey's signature.
/// </summary>
internal static class Forgeries
{
    private const string Foreign = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

    public static IReadOnlyDictionary<string, Forgery> All { get; } = new Dictionary<string, Forgery>
    {
        ["nothing-changed"] = new("signed", log => log),
        ["arguments-swapped-after-approval"] = new(
            "signed", log => log.Replace(EntryType.ActionRequested, "{\"n\":1}", "{\"n\":9}"),
            Doubt.DigestDiffers, Doubt.CardDiffers),
        ["everything-rewritten-but-the-signatures"] = new("signed", RewriteAll, Doubt.StatementDiffers),
        ["headline-of-something-else"] = new(
            "signed", log => log.Replace(EntryType.ReviewOpened, "Call tool write on", "Call tool read on"),
            Doubt.CardDiffers, Doubt.StatementDiffers),
        ["other-bytes-executed"] = new(
            "signed", log => log.Change(EntryType.ExecutionIntent, entry => With(entry, "digest", Foreign)),
            Doubt.IntentDiffers),
        ["assertion-replayed-on-another-action"] = new(
            "signed", log => log
                .Replace(EntryType.ActionRequested, "\"operation\":\"write\"", "\"operation\":\"wipe\""),
            Doubt.DigestDiffers, Doubt.CardDiffers),
        ["assertion-replayed-in-another-vote"] = new(
            "signed", ReplayFirstAssertion, Doubt.StatementDiffers, Doubt.Enrolment, Doubt.StrayEntry),
        ["assertion-replayed-from-another-action"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, entry => entry with
            {
                Json = Vectors.Open("signed").Get(EntryType.ReviewVote, 1).Json,
            }),
            Doubt.StatementDiffers, Doubt.Enrolment),
        ["denial-turned-into-approval"] = new(
            "signed", log => log.Change(EntryType.ReviewVote, entry => With(entry, "decision", "deny"), 1)
                .Change(EntryType.ReviewVote, entry => With(entry, "decision", "approve"), 1)
                .Replace(EntryType.ReviewVote, "\"decision\":\"approve\"", "\"decision\":\"deny\"", 2),
            Doubt.StatementDiffers, Doubt.TooFewVotes),
        ["duplicate-keys"] = new(
            "signed", log => log.Replace(
                EntryType.ReviewVote, "\"decision\":", "\"decision\":\"deny\",\"decision\":", 1),
            Doubt.Unreadable),
        ["duplicate-keys-in-other-spelling"] = new(
            "approved", log => log.Replace(
                EntryType.ReviewVote, "\"person\":", "\"per\\u0073on\":\"mallory\",\"person\":"),
            Doubt.Unreadable),
        ["bidi-text-in-the-card"] = new(
            "approved", log => log.Replace(EntryType.ReviewOpened, "\\u0022n\\u0022:1", "\\u202E1:\\u0022n\\u0022"),
            Doubt.CardDiffers),
        ["card-shows-something-else"] = new(
            "signed", log => log.Replace(EntryType.ReviewOpened, "\"environment\":\"production\"",
                "\"environment\":\"test\""),
            Doubt.CardDiffers, Doubt.StatementDiffers),
        ["card-with-a-member-more"] = new(
            "approved", log => log.Replace(EntryType.ReviewOpened, "\"environment\":", "\"note\":1,\"environment\":"),
            Doubt.CardDiffers),
        ["one-person-with-two-keys"] = new("signed", OnePersonTwice, Doubt.StatementDiffers, Doubt.TooFewVotes),
        ["one-person-twice-in-sessions"] = new(
            "signed", log => Unsigned(Unsigned(log, 1, "alice"), 2, "alice"), Doubt.TooFewVotes, Doubt.StrayEntry),
        ["refused-attempt-made-a-vote"] = new(
            "signed", log => log.Change(EntryType.ReviewVote, entry => Without(entry, "refused"), 0)
                .Change(EntryType.ReviewVote, _ => null, 1),
            Doubt.StrayEntry),
        ["self-approval"] = new(
            "approved", log => log
                .Replace(EntryType.ActionRequested, "\"on_behalf_of\":null", "\"on_behalf_of\":\"alice\"")
                .Replace(EntryType.ReviewOpened, "\"on_behalf_of\":null", "\"on_behalf_of\":\"alice\""),
            Doubt.SelfApproval, Doubt.TooFewVotes),
        ["deputy-of-who-asked"] = new(
            "deputy", log => log
                .Replace(EntryType.ActionRequested, "\"on_behalf_of\":null", "\"on_behalf_of\":\"alice\"")
                .Replace(EntryType.ReviewOpened, "\"on_behalf_of\":null", "\"on_behalf_of\":\"alice\""),
            Doubt.SelfApproval, Doubt.TooFewVotes),
        ["broken-glass-hidden"] = new(
            "glass", log => log.Change(EntryType.BreakGlassUsed, _ => null), Doubt.TooFewVotes, Doubt.StrayEntry),
        ["modifier-approves"] = new(
            "modified", log => Unsigned(log, 0, "alice"), Doubt.SelfApproval, Doubt.TooFewVotes, Doubt.StrayEntry),
        ["signature-missing"] = new(
            "signed", log => log.Change(EntryType.ReviewVote, entry => Without(entry, "assertion"), 1),
            Doubt.Signature, Doubt.StrayEntry),
        ["signature-changed"] = new(
            "signed", log => Assertion(log, response => Flip(response, "signature")), Doubt.Signature),
        ["flags-changed"] = new(
            "signed", log => Assertion(log, response => Flip(response, "authenticatorData", 32, 4)),
            Doubt.Flags, Doubt.Signature),
        ["site-changed"] = new(
            "signed", log => Assertion(log, response => Flip(response, "authenticatorData", 0)),
            Doubt.RelyingParty, Doubt.Signature),
        ["origin-changed"] = new(
            "signed", log => Assertion(log, response => Text(
                response, "clientDataJSON", text => text.Replace("https://example.org", "https://example.com"))),
            Doubt.ClientData, Doubt.Signature),
        ["origin-outside-the-site"] = new(
            "signed", log => Assertion(log, response => Text(
                response, "clientDataJSON", text => text.Replace("https://example.org", "https://example.com")))
                .Replace(EntryType.ReviewVote, "\"origins\":[\"https://example.org\"]",
                    "\"origins\":[\"https://example.com\"]", 1),
            Doubt.ClientData, Doubt.Signature),
        ["challenge-changed"] = new(
            "signed", log => Assertion(log, response => Text(
                response, "clientDataJSON", text => text.Replace("\"challenge\":\"", "\"challenge\":\"A"))),
            Doubt.StatementDiffers, Doubt.Signature),
        ["enrolled-by-somebody-else"] = new(
            "signed", log => log.Change(EntryType.CredentialEnrolled, entry => With(entry, "person", "mallory")),
            Doubt.Enrolment),
        ["enrolled-after-the-vote"] = new(
            "signed", log => log.InsertAfter(EntryType.ExecutionOutcome, log.Get(EntryType.CredentialEnrolled))
                .Change(EntryType.CredentialEnrolled, _ => null),
            Doubt.Enrolment, Doubt.StrayEntry),
        ["enrolment-missing"] = new(
            "signed", log => log.Change(EntryType.CredentialEnrolled, _ => null), Doubt.Enrolment),
        ["key-revoked-before-the-vote"] = new(
            "signed", log => log.InsertAfter(EntryType.ActionRequested, Revocation(log)), Doubt.Revoked),
        ["key-revoked-after-the-vote"] = new(
            "signed", log => log.InsertAfter(EntryType.ExecutionOutcome, Revocation(log))),
        ["statement-expired"] = new(
            "signed", log => Later(log, TimeSpan.FromHours(1), EntryType.ReviewVote), Doubt.StatementDiffers),
        ["clock-jump-back"] = new(
            "approved", log => log.Change(
                EntryType.ReviewVote, entry => entry with { At = entry.At - TimeSpan.FromHours(1) }),
            Doubt.TimeWentBack),
        ["used-too-late"] = new(
            "approved", log => Later(log, TimeSpan.FromMinutes(11), EntryType.ExecutionIntent), Doubt.TooLate),
        ["used-too-often"] = new(
            "uses", log => log.Replace(EntryType.ActionRequested, "\"uses\":2", "\"uses\":1"),
            Doubt.UsedTooOften, Doubt.OutOfOrder),
        ["intent-without-decision"] = new(
            "approved", log => log.Change(EntryType.ReviewDecided, _ => null), Doubt.OutOfOrder, Doubt.TooLate),
        ["crash-between-decision-and-intent"] = new(
            "approved", log => log.Change(EntryType.ExecutionIntent, _ => null)
                .Change(EntryType.ExecutionOutcome, _ => null),
            Doubt.NotEnded),
        ["crash-between-intent-and-execution"] = new(
            "approved", log => log.Replace(
                EntryType.ExecutionOutcome, "\"state\":\"succeeded\"", "\"state\":\"unknown\"")),
        ["outcome-dropped"] = new(
            "approved", log => log.Change(EntryType.ExecutionOutcome, _ => null), Doubt.OutcomeMissing),
        ["outcome-of-another-execution"] = new(
            "approved", log => log.Replace(EntryType.ExecutionOutcome, "\"fence\":1", "\"fence\":2"),
            Doubt.IntentDiffers),
        ["request-missing"] = new(
            "approved", log => log.Change(EntryType.ActionRequested, _ => null),
            Doubt.OutOfOrder, Doubt.PayloadUnreadable),
        ["vote-after-the-decision"] = new(
            "approved", log => log.InsertAfter(EntryType.ReviewDecided, log.Get(EntryType.ReviewVote)),
            Doubt.OutOfOrder),
        ["vote-missing"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, _ => null), Doubt.TooFewVotes),
        ["vote-about-another-digest"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, entry => With(entry, "digest", Foreign)),
            Doubt.IntentDiffers),
        ["approved-without-a-rule-that-asks"] = new(
            "approved", log => log.Change(EntryType.ActionRequested, WithoutRequirements), Doubt.VerdictDiffers),
        ["payload-is-no-object"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, entry => entry with { Json = "[1]" }),
            Doubt.PayloadUnreadable),
        ["entry-twice"] = new("signed", log => log, Doubt.BrokenChain)
        {
            Edit = receipt => receipt with { Entries = receipt.Entries.Insert(0, receipt.Entries[0]) },
        },
        ["entries-of-another-action"] = new(
            "denied", log => log, Doubt.BrokenChain, Doubt.StrayEntry, Doubt.NotEnded)
        {
            Edit = receipt => receipt with { Action = ActionId.Parse("act_00000000000000000000000000") },
        },
        ["verdict-allows"] = new(
            "approved", log => log
                .Replace(EntryType.ActionRequested, "\"outcome\":\"require\"", "\"outcome\":\"allow\""),
            Doubt.OutOfOrder),
        ["verdict-denies"] = new(
            "approved", log => log
                .Replace(EntryType.ActionRequested, "\"outcome\":\"require\"", "\"outcome\":\"deny\""),
            Doubt.VerdictDiffers, Doubt.OutOfOrder),
        ["denied-by-nobody"] = new(
            "denied", log => log.Change(EntryType.ReviewVote, _ => null), Doubt.TooFewVotes),
        ["stop-of-others"] = new(
            "stopped", log => log.Change(EntryType.AgentStopped, entry => With(entry, "withdrawn", new JsonArray())),
            Doubt.NotEnded, Doubt.StrayEntry),
        ["chain-skips"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, entry => entry with { Previous = 0 }),
            Doubt.BrokenChain),
        ["payload-erased"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, entry => entry with { Json = null }),
            Doubt.PayloadMissing),
        ["member-missing"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, entry => Without(entry, "assurance")),
            Doubt.PayloadUnreadable),
        ["revision-changed"] = new(
            "approved", log => log.Change(EntryType.ReviewVote, entry => entry with
            {
                Subject = new ActionRevision(entry.Subject!.Value.Action, 2),
            }),
            Doubt.OutOfOrder),
        ["allowed-but-denied"] = new(
            "allowed", log => log.Replace(EntryType.ActionExecuted, "\"outcome\":\"allow\"", "\"outcome\":\"deny\""),
            Doubt.VerdictDiffers),
    };

    /// <summary>Other arguments, and everything that follows from them but what people signed.</summary>
    private static ForgedLog RewriteAll(ForgedLog log)
    {
        var digest = JsonNode.Parse(log.Get(EntryType.ActionRequested).Json!)!["digest"]!.GetValue<string>();
        var other = ActionDigest.Of(
            "{\"arguments\":{\"n\":9},\"operation\":\"write\",\"target\":\"ops\"}"u8).Value;
        foreach (var type in Enum.GetValues<EntryType>())
        {
            for (var i = 0; i < log.Count(type); i++)
            {
                log.Change(type, entry => entry with { Json = Rewritten(entry.Json!) }, i);
            }
        }

        return log;

        string Rewritten(string json) => json
            .Replace(digest, other, StringComparison.Ordinal)
            .Replace("{\"n\":1}", "{\"n\":9}", StringComparison.Ordinal)
            .Replace("n\\u0022:1}", "n\\u0022:9}", StringComparison.Ordinal);
    }

    private static Forged WithoutRequirements(Forged entry)
    {
        var json = JsonNode.Parse(entry.Json!)!;
        json["verdict"]!["requirements"] = new JsonArray();
        return entry with { Json = json.ToJsonString() };
    }

    private static ForgedLog ReplayFirstAssertion(ForgedLog log)
    {
        var first = JsonNode.Parse(log.Get(EntryType.ReviewVote, 1).Json!)!["assertion"]!;
        return log.Change(EntryType.ReviewVote, entry => With(entry, "assertion", first.DeepClone()), 2);
    }

    /// <summary>Alice answers with Bob's key, which the forger says is her second one.</summary>
    private static ForgedLog OnePersonTwice(ForgedLog log) => log
        .Change(EntryType.ReviewVote, entry => With(entry, "person", "alice"), 2)
        .Change(EntryType.CredentialEnrolled, entry => With(entry, "person", "alice"), 1);

    private static ForgedLog Unsigned(ForgedLog log, int which, string person) => log.Change(
        EntryType.ReviewVote,
        entry => With(With(Without(entry, "assertion"), "assurance", "session"), "person", person),
        which);

    private static Forged Revocation(ForgedLog log) => new(
        EntryType.CredentialRevoked, log.Get(EntryType.ActionRequested).At, Subject: null,
        $$"""{"person":"alice","by":"alice","enrolled":{{log.IndexOf(EntryType.CredentialEnrolled)}}}""");

    /// <summary>Moves an entry and everything of the action behind it.</summary>
    private static ForgedLog Later(ForgedLog log, TimeSpan by, EntryType from)
    {
        var first = log.IndexOf(from);
        foreach (var type in Enum.GetValues<EntryType>())
        {
            for (var i = 0; i < log.Count(type); i++)
            {
                if (log.IndexOf(type, i) >= first)
                {
                    log.Change(type, entry => entry with { At = entry.At + by }, i);
                }
            }
        }

        return log;
    }

    private static ForgedLog Assertion(ForgedLog log, Action<JsonObject> change) => log.Change(
        EntryType.ReviewVote,
        entry =>
        {
            var json = JsonNode.Parse(entry.Json!)!;
            change(json["assertion"]!["credential"]!["response"]!.AsObject());
            return entry with { Json = json.ToJsonString() };
        },
        1);

    private static void Flip(JsonObject response, string name, int at = -1, byte by = 1)
    {
        var bytes = Base64Url.DecodeFromChars(response[name]!.GetValue<string>());
        bytes[at < 0 ? bytes.Length + at : at] ^= by;
        response[name] = Base64Url.EncodeToString(bytes);
    }

    private static void Text(JsonObject response, string name, Func<string, string> change)
    {
        var text = System.Text.Encoding.UTF8.GetString(Base64Url.DecodeFromChars(response[name]!.GetValue<string>()));
        response[name] = Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(change(text)));
    }

    private static Forged With(Forged entry, string name, JsonNode value)
    {
        var json = JsonNode.Parse(entry.Json!)!.AsObject();
        json[name] = value;
        return entry with { Json = json.ToJsonString() };
    }

    private static Forged Without(Forged entry, string name)
    {
        var json = JsonNode.Parse(entry.Json!)!.AsObject();
        Assert.True(json.Remove(name));
        return entry with { Json = json.ToJsonString() };
    }
}

/// <summary>One forgery: of which receipt, how, and what speaks against it; nothing when it is only unusual.</summary>
internal sealed record Forgery(string Of, Func<ForgedLog, ForgedLog> Make, params Doubt[] Doubts)
{
    /// <summary>What is done to the file after it was made.</summary>
    public Func<Receipt, Receipt> Edit { get; init; } = static receipt => receipt;

    public byte[] ToFile(ForgedLog log) => Edit(Make(log).ToReceipt()).ToBytes();
}
