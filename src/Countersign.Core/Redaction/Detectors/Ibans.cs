using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>International bank account numbers: a country, its length, and the remainder by 97.</summary>
internal static class Ibans
{
    private const int Longest = 34;

    // The IBAN registry: two letters of the country and the length.
    private const string Countries =
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 "
        + "EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 "
        + "KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 "
        + "PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 "
        + "UA29 VA22 VG24 XK20 YE30";

    // What follows the check digits is digits alone; a hash in hexadecimal is mostly not.
    private const string DigitsAlone =
        "AE AT BA BE CR CZ DE DK EE ES FI FO GL HR HU IL IS LT LY ME MN NO PL PT RS SE SI SK TL TN VA XK";

    private static readonly byte[] Lengths = MakeLengths();

    /// <summary>An account number whose two letters and two digits stand here, in one run or in groups.</summary>
    public static Match Find(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        var length = Lengths[((Bytes.Lower(text[at]) - 'a') * 26) + Bytes.Lower(text[at + 1]) - 'a'];
        if (length == 0)
        {
            return default;
        }

        Span<byte> characters = stackalloc byte[Longest];
        var end = Read(text, at, characters[..length]);
        steps += 4;
        if (end == 0 || Bytes.IsWord(Bytes.At(text, end)))
        {
            return default;
        }

        steps += length * 2;
        var isFormed = !IsDigitsAlone(characters)
            || characters[4..length].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
        return isFormed && Checksums.Mod97(characters[..length])
            ? new Match(at, end, Certainty.Certain, DataKinds.Iban)
            : default;
    }

    private static bool IsDigitsAlone(ReadOnlySpan<byte> iban)
    {
        ReadOnlySpan<char> country = [(char)(iban[0] & 0xDF), (char)(iban[1] & 0xDF)];
        return DigitsAlone.AsSpan().Contains(country, StringComparison.Ordinal);
    }

    /// <summary>Fills the characters, passing over single separators between groups.</summary>
    private static int Read(ReadOnlySpan<byte> text, int at, Span<byte> characters)
    {
        var (end, read) = (at, 0);
        while (read < characters.Length)
        {
            var character = Bytes.At(text, end);
            if (Bytes.IsWord(character))
            {
                characters[read++] = character;
            }
            else if (read < 4 || !(Bytes.IsSpace(character) || character == '-')
                || !Bytes.IsWord(Bytes.At(text, end + 1)) || end - at - read > 12)
            {
                return 0;
            }

            end++;
        }

        return end;
    }

    private static byte[] MakeLengths()
    {
        var lengths = new byte[26 * 26];
        foreach (var country in Countries.Split(' '))
        {
            lengths[((country[0] - 'A') * 26) + country[1] - 'A'] = byte.Parse(country.AsSpan(2));
        }

        return lengths;
    }
}
