using System.Globalization;
using System.Text;

namespace Countersign.Core.Ledger;

/// <summary>
/// What the log holds of an entry: small canonical JSON (RFC 8785) that says what kind of thing happened when, and to
/// which action, but neither arguments nor names; those are in the payload, which can be erased without breaking a
/// proof.
/// </summary>
public sealed record Leaf
{
    internal const string PayloadPrefix = "sha256:";
    internal const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <param name="type">What happened.</param>
    /// <param name="at">When; kept in UTC and cut to whole milliseconds.</param>
    /// <param name="subject">The action it happened to, or null.</param>
    /// <param name="payload">SHA-256 of the encrypted payload.</param>
    /// <param name="previous">The index of the same action's entry before this one, or null.</param>
    public Leaf(EntryType type, DateTimeOffset at, ActionRevision? subject, Hash32 payload, long? previous)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(previous.GetValueOrDefault(), nameof(previous));
        _ = type.ToText();
        (Type, Subject, Payload, Previous) = (type, subject, payload, previous);
        At = new DateTimeOffset(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
    }

    public EntryType Type { get; }

    public DateTimeOffset At { get; }

    public ActionRevision? Subject { get; }

    public Hash32 Payload { get; }

    public long? Previous { get; }

    /// <summary>
    /// Reads the canonical bytes of a leaf; throws <see cref="FormatException"/> for any other spelling.
    /// </summary>
    public static Leaf Decode(ReadOnlySpan<byte> bytes) => LeafReader.Read(bytes);

    /// <summary>
    /// The canonical bytes: members in the order of RFC 8785, every value ASCII that needs no escape.
    /// </summary>
    public byte[] Encode()
    {
        var action = Subject is { } subject ? $"\"{subject.Action.Value}\"" : "null";
        var at = At.ToString(TimeFormat, CultureInfo.InvariantCulture);
        var payload = PayloadPrefix + Payload.ToHex();
        var previous = Previous?.ToString(CultureInfo.InvariantCulture) ?? "null";
        var revision = Subject?.Number ?? 0;
        return Encoding.ASCII.GetBytes(
            $$"""{"action":{{action}},"at":"{{at}}","payload":"{{payload}}","prev":{{previous}}"""
            + $$""","revision":{{revision}},"type":"{{Type.ToText()}}","v":1}""");
    }
}
