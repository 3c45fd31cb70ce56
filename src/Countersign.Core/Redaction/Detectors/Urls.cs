using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>URLs, with and without a password in them, and domain names that stand alone.</summary>
internal static class Urls
{
    /// <summary>What is longer goes on as <see cref="Tail.Url"/>.</summary>
    public const int MostAtOnce = 2048;

    /// <param name="text">The view.</param>
    /// <param name="at">Where the scheme begins.</param>
    /// <param name="colon">Where its colon stands, with two slashes behind it.</param>
    /// <param name="steps">Counts the bytes that were looked at.</param>
    public static Match Find(ReadOnlySpan<byte> text, int at, int colon, ref long steps)
    {
        var host = colon + 3;
        var end = EndOf(text, host, Math.Min(text.Length, at + MostAtOnce));
        steps += end - at;
        if (end - host < 3 || !Bytes.IsLetter(text[at]))
        {
            return default;
        }

        var authority = text[host..AuthorityEnd(text, host, end)];
        var user = authority.LastIndexOf((byte)'@');
        if (user > 0 && authority[..user].IndexOf((byte)':') is >= 0 and var password && password < user - 1)
        {
            return new Match(at, end, Certainty.Certain, DataKinds.UrlCredentials);
        }

        return IsOwnMachine(authority[(user + 1)..])
            ? default
            : new Match(at, end, Certainty.Certain, DataKinds.Url);
    }

    /// <summary>A domain name at the start of a word.</summary>
    public static Match FindDomain(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        var name = HostName.Read(text, at);
        steps += name.Length;
        var next = Bytes.At(text, name.End);
        if (name.Labels < 2 || next is (byte)'@' or (byte)'(' or (byte)'_' || !name.HasLettersLast)
        {
            return default;
        }

        var isWww = name.Labels > 2 && Bytes.StartsWith(text, at, "www."u8);
        if (isWww && name.IsTopDomainKnown)
        {
            return new Match(at, EndOfPath(text, name.End, ref steps), Certainty.Certain);
        }

        // Code writes Names.Like.This; domains are written in one case.
        var isPlain = TopDomains.HasUnambiguous(name.Last) && !HasHumps(text[at..name.End]);
        return isPlain ? new Match(at, EndOfPath(text, name.End, ref steps), Certainty.Likely) : default;
    }

    private static bool HasHumps(ReadOnlySpan<byte> name)
    {
        for (var i = 1; i < name.Length; i++)
        {
            if (Bytes.IsUpper(name[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static int EndOfPath(ReadOnlySpan<byte> text, int end, ref long steps)
    {
        if (Bytes.At(text, end) is not ((byte)'/' or (byte)'?' or (byte)':'))
        {
            return end;
        }

        var path = EndOf(text, end, Math.Min(text.Length, end + MostAtOnce));
        steps += path - end;
        return path;
    }

    private static int EndOf(ReadOnlySpan<byte> text, int at, int stop)
    {
        var end = at;
        while (end < stop && Bytes.IsUrl(text[end]))
        {
            end++;
        }

        if (end == stop && stop - at >= MostAtOnce / 2)
        {
            return end;
        }

        while (end > at && ".,;:!?'*)]~"u8.Contains(text[end - 1]))
        {
            end--;
        }

        return end;
    }

    private static int AuthorityEnd(ReadOnlySpan<byte> text, int host, int end)
    {
        var length = text[host..end].IndexOfAny("/?#"u8);
        return length < 0 ? end : host + length;
    }

    private static bool IsOwnMachine(ReadOnlySpan<byte> host) =>
        host.StartsWith("localhost"u8) || host.StartsWith("127."u8) || host.StartsWith("0.0.0.0"u8)
        || host.StartsWith("[::"u8);
}
