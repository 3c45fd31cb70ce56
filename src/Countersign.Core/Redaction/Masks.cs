using System.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction;

/// <summary>
/// What is written in place of values. A mask holds nothing that JSON, HTML or a URL would have to escape beyond its
/// brackets and its space, and nothing that a detector would take for a value.
/// </summary>
internal static class Masks
{
    /// <summary>What stands in every fingerprint between length and hash.</summary>
    public const string FingerprintMark = " chars #";

    private const int FingerprintLength = 12;
    private const int PartialLength = 4;
    private const int ShortestPartial = 9;

    /// <summary>The mask of one value.</summary>
    /// <param name="plan">How its kind is treated, and under which key.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="value">The bytes as they stood in the text.</param>
    /// <param name="seen">The same as a reader sees it: without escapes and invisible characters.</param>
    public static string Of(RedactionPlan plan, DataKind kind, ReadOnlySpan<byte> value, ReadOnlySpan<byte> seen) =>
        Of(plan, plan.TreatmentOf(kind), kind, value, seen);

    public static string Of(
        RedactionPlan plan, Treatment treatment, DataKind kind, ReadOnlySpan<byte> value, ReadOnlySpan<byte> seen) =>
        treatment switch
        {
            Treatment.PartialTreatment when kind == DataKinds.Email && Harmless(seen[..1]) is { } first =>
                $"[{kind.Name} {first}*]",
            Treatment.PartialTreatment when LastOf(kind, seen) is { } last => $"[{kind.Name} *{last}]",
            Treatment.HashTreatment => $"[{kind.Name} #{plan.Key!.HashOf(kind.Name, Plain(kind, seen))}]",
            Treatment.FingerprintTreatment => FingerprintOf(plan.Key!, kind, seen),
            Treatment.TokeniseTreatment when value.Length <= RedactionKey.LongestValue =>
                $"[{kind.Name} ~{plan.Key!.TokenOf(kind.Name, value)}]",
            Treatment.GeneraliseTreatment when Generalised(kind, seen) is { } general => $"[{kind.Name} {general}]",
            Treatment.DropTreatment => "",
            _ => $"[{kind.Name}]",
        };

    private static string FingerprintOf(RedactionKey key, DataKind kind, ReadOnlySpan<byte> seen)
    {
        var length = Encoding.UTF8.GetCharCount(seen);
        var hash = key.HashOf(kind.Name, Plain(kind, seen))[..FingerprintLength];
        return $"[{kind.Name} {length}{FingerprintMark}{hash}]";
    }

    /// <summary>The last characters of a value that is long enough, and whose end says little.</summary>
    private static string? LastOf(DataKind kind, ReadOnlySpan<byte> seen)
    {
        var plain = Plain(kind, seen);
        if (kind == DataKinds.Email)
        {
            // Its end is its domain, which would be a value again.
            return null;
        }

        return plain.Length < ShortestPartial || kind == DataKinds.PrivateKey || kind == DataKinds.UrlCredentials
            ? null
            : Harmless(plain.AsSpan()[^PartialLength..]);
    }

    private static string? Generalised(DataKind kind, ReadOnlySpan<byte> seen)
    {
        var text = Encoding.UTF8.GetString(seen);
        return kind == DataKinds.Email ? Harmless(seen[(seen.LastIndexOf((byte)'@') + 1)..])
            : kind == DataKinds.IpAddress ? Network(text)
            : kind == DataKinds.DateOfBirth ? Year(text)
            : kind == DataKinds.Url ? Host(text)
            : kind == DataKinds.Card ? "payment"
            : kind == DataKinds.Iban ? text[..2].ToUpperInvariant()
            : null;
    }

    private static string? Network(string address) =>
        address.Split('.') is { Length: 4 } parts ? $"{parts[0]}.{parts[1]}.x.x"
        : address.Split(':') is [{ Length: > 0 } first, ..] ? $"{first}"
        : null;

    private static string? Year(string date) =>
        Enumerable.Range(0, Math.Max(0, date.Length - 3))
            .Select(at => date.Substring(at, 4))
            .FirstOrDefault(part => part.All(char.IsAsciiDigit));

    private static string? Host(string url)
    {
        var start = url.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = url.IndexOfAny(['/', '?', '#', ':'], start);
        return Harmless(Encoding.UTF8.GetBytes(url[start..(end < 0 ? url.Length : end)]));
    }

    /// <summary>The value without what people put between its groups, so that each spelling hashes alike.</summary>
    private static byte[] Plain(DataKind kind, ReadOnlySpan<byte> seen)
    {
        var isNumber = kind.Group is DataGroup.Financial or DataGroup.National || kind == DataKinds.Phone;
        var isName = kind == DataKinds.Email || kind == DataKinds.Domain || isNumber;
        var plain = new List<byte>(seen.Length);
        foreach (var value in seen)
        {
            if (!isNumber || Bytes.IsWord(value))
            {
                plain.Add(isName ? Bytes.Lower(value) : value);
            }
        }

        return [.. plain];
    }

    private static string? Harmless(ReadOnlySpan<byte> text)
    {
        foreach (var value in text)
        {
            if (!Bytes.IsWord(value) && value is not ((byte)'.' or (byte)'-'))
            {
                return null;
            }
        }

        return Encoding.ASCII.GetString(text);
    }
}
