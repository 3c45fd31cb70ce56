using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Records;

namespace Countersign.Core.Reviews;

/// <summary>
/// What a person signs with a passkey: exactly this answer to exactly this revision, once, until then. Its hash is the
/// challenge of the assertion, so the signature covers every word of it.
/// </summary>
public sealed record DecisionStatement
{
    /// <summary>How long it can be signed and handed in.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private const int Version = 1;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>The origin of the ledger that it is meant for.</summary>
    public required string Ledger { get; init; }

    public required ActionId Action { get; init; }

    public required int Revision { get; init; }

    public required Decision Decision { get; init; }

    public required ActionDigest Digest { get; init; }

    /// <summary>The digest of the card: what the person was shown.</summary>
    public required string Card { get; init; }

    public required PolicyHash Policy { get; init; }

    public required PersonId Person { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Chance, so that no two statements are alike.</summary>
    public required string Nonce { get; init; }

    private static ReadOnlySpan<byte> Label => "countersign-decision-v1\n"u8;

    /// <summary>What the authenticator signs.</summary>
    public byte[] Challenge => ChallengeOf(ToBytes());

    public static byte[] ChallengeOf(ReadOnlySpan<byte> statement) => SHA256.HashData([.. Label, .. statement]);

    /// <summary>The statement about one answer to an action as it stands.</summary>
    public static DecisionStatement Of(
        ActionRecord record, Decision decision, PersonId person, ReadOnlySpan<byte> nonce) => new()
    {
        Ledger = "",
        Action = record.Id,
        Revision = record.Life.Revision,
        Decision = decision,
        Digest = record.Action.Digest,
        Card = CardPayload.DigestOf(Reviews.Card.Of(record)),
        Policy = record.Verdict.Policy,
        Person = person,
        ExpiresAt = default,
        Nonce = Base64Url.EncodeToString(nonce),
    };

    /// <summary>The canonical bytes (RFC 8785).</summary>
    public byte[] ToBytes() => new CanonicalObject()
        .Add("v", Version)
        .Add("ledger", Ledger)
        .Add("action", Action.Value)
        .Add("revision", Revision)
        .Add("decision", Decision.ToText())
        .Add("digest", Digest.Value)
        .Add("card", Card)
        .Add("policy", Policy.Value)
        .Add("person", Person.Value)
        .Add("expires_at", ExpiresAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture))
        .Add("nonce", Nonce)
        .ToCanonicalJson().Bytes.ToArray();

    /// <summary>Reads canonical bytes; <c>null</c> for whatever is spelled in any other way.</summary>
    public static DecisionStatement? TryRead(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var statement = Read(document.RootElement);
            return statement.ToBytes().AsSpan().SequenceEqual(bytes.Span) ? statement : null;
        }
        catch (Exception malformed) when (malformed
            is JsonException or FormatException or ArgumentException or InvalidOperationException
            or KeyNotFoundException)
        {
            return null;
        }
    }

    private static DecisionStatement Read(JsonElement json) => new()
    {
        Ledger = Text(json, "ledger"),
        Action = ActionId.Parse(Text(json, "action")),
        Revision = json.GetProperty("revision").GetInt32(),
        Decision = PayloadNames.Parse<Decision>(Text(json, "decision")),
        Digest = ActionDigest.Parse(Text(json, "digest")),
        Card = Text(json, "card"),
        Policy = PolicyHash.Parse(Text(json, "policy")),
        Person = new PersonId(Text(json, "person")),
        ExpiresAt = DateTimeOffset.ParseExact(
            Text(json, "expires_at"), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        Nonce = Text(json, "nonce"),
    };

    private static string Text(JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new FormatException($"The statement's '{name}' says nothing.");
}

/// <summary>A statement on its way to an authenticator and back; the seal says that this gateway made it.</summary>
public sealed record SealedStatement(ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Seal);
