using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>Numbers that states give to people, each with its check digits.</summary>
internal static class NationalNumbers
{
    private const int MostDigits = 18;

    private static readonly string DniLetters = "TRWAGMYFPDXBNJZSQVHLCKE";

    // What an odd character of an Italian fiscal code counts, from 0 or A on.
    private static ReadOnlySpan<byte> FiscalOdd =>
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

    /// <summary>The numbers in digits alone; which of them depends on how many digits stand together.</summary>
    public static Match Find(in NumberChain chain, int first, out int last, ref long steps)
    {
        last = first;
        if (chain[first].Length > MostDigits)
        {
            return default;
        }

        if (Grouped(chain, first, out last, ref steps) is { IsFound: true } grouped)
        {
            return grouped;
        }

        last = first;
        var digits = chain.Text[chain[first].Start..chain[first].End];
        var (certainty, kind) = digits.Length is 9 or 10 or 11 or 12 or 15 or 18 ? Plain(digits, ref steps) : default;
        return new Match(chain[first].Start, chain[first].End, certainty, kind);
    }

    /// <summary>The United States' number: area, group and serial number, none of which is all zeros.</summary>
    public static bool IsSsn(ReadOnlySpan<byte> digits) =>
        digits.Length == 9 && digits[0] != '9' && !digits.StartsWith("000"u8) && !digits.StartsWith("666"u8)
        && !digits[3..5].SequenceEqual("00"u8) && !digits[5..].SequenceEqual("0000"u8)
        && !digits.SequenceEqual("123456789"u8) && !digits.SequenceEqual("078051120"u8)
        && !Checksums.AreAllSame(digits);

    /// <summary>Words with digits and letters: the Spanish and the Italian numbers.</summary>
    public static Match FindWord(ReadOnlySpan<byte> text, int at, int end, ref long steps)
    {
        steps += end - at;
        var word = text[at..end];
        return word.Length switch
        {
            9 when IsDni(word) => new Match(at, end, Certainty.Likely, DataKinds.Dni),
            16 when IsFiscalCode(word) => new Match(at, end, Certainty.Certain, DataKinds.FiscalCodeIt),
            18 when (word[17] | 0x20) == 'x' && AreDigits(word[..17]) && IsResident(word) =>
                new Match(at, end, Certainty.Certain, DataKinds.ResidentCn),
            _ => default,
        };
    }

    private static Match Grouped(in NumberChain chain, int first, out int last, ref long steps)
    {
        last = first;
        Span<byte> digits = stackalloc byte[MostDigits];
        if (chain.HasShape(first, [3, 2, 4], (byte)'-') || chain.HasShape(first, [3, 2, 4], (byte)' '))
        {
            last = first + 2;
            return IsSsn(digits[..chain.Digits(first, last, digits)])
                ? Of(chain, first, last, SsnCertainty(chain[last].Separator), DataKinds.Ssn)
                : default;
        }

        var (count, kind) = chain switch
        {
            _ when chain.HasShape(first, [3, 3, 3, 2]) && chain[first + 3].Separator == '-' => (4, DataKinds.Cpf),
            _ when chain.HasShape(first, [3, 3, 4], (byte)' ') => (3, DataKinds.Nhs),
            _ when chain.HasShape(first, [4, 4, 4], (byte)' ') => (3, DataKinds.Aadhaar),
            _ when chain.HasShape(first, [1, 2, 2, 2, 3, 3, 2]) => (7, DataKinds.Nir),
            _ when chain.HasShape(first, [2, 3, 3, 3], (byte)' ') => (4, DataKinds.TaxIdDe),
            _ => (0, DataKinds.Nir),
        };
        if (count == 0)
        {
            return default;
        }

        last = first + count - 1;
        var length = chain.Digits(first, last, digits);
        steps += length * 2;
        return IsValid(kind, digits[..length]) ? Of(chain, first, last, GroupedCertainty(kind), kind) : default;
    }

    private static Certainty SsnCertainty(byte separator) =>
        separator == '-' ? Certainty.Certain : Certainty.Likely;

    private static Certainty GroupedCertainty(DataKind kind) =>
        kind == DataKinds.Nhs ? Certainty.Possible
        : kind == DataKinds.Aadhaar ? Certainty.Likely
        : Certainty.Certain;

    private static Match Of(in NumberChain chain, int first, int last, Certainty certainty, DataKind kind) =>
        new(chain[first].Start, chain[last].End, certainty, kind);

    /// <summary>Digits without groups: the rarer their form, the more they say by themselves.</summary>
    private static (Certainty, DataKind?) Plain(ReadOnlySpan<byte> digits, ref long steps)
    {
        steps += digits.Length * 2;
        return digits.Length switch
        {
            9 when IsSsn(digits) && !IsBsn(digits) => (Certainty.Possible, DataKinds.Ssn),
            9 when IsBsn(digits) => (Certainty.Possible, DataKinds.Bsn),
            10 when IsNhs(digits) => (Certainty.Possible, DataKinds.Nhs),
            11 when IsCpf(digits) => (Certainty.Likely, DataKinds.Cpf),
            11 when IsPesel(digits) => (Certainty.Likely, DataKinds.Pesel),
            11 when IsTaxIdDe(digits) => (Certainty.Possible, DataKinds.TaxIdDe),
            12 when IsAadhaar(digits) => (Certainty.Possible, DataKinds.Aadhaar),
            15 when IsNir(digits) => (Certainty.Likely, DataKinds.Nir),
            18 when IsResident(digits) => (Certainty.Certain, DataKinds.ResidentCn),
            _ => default,
        };
    }

    private static bool IsValid(DataKind kind, ReadOnlySpan<byte> digits) =>
        kind == DataKinds.Cpf ? IsCpf(digits)
        : kind == DataKinds.Nhs ? IsNhs(digits)
        : kind == DataKinds.Aadhaar ? IsAadhaar(digits)
        : kind == DataKinds.TaxIdDe ? IsTaxIdDe(digits)
        : IsNir(digits);

    private static bool IsBsn(ReadOnlySpan<byte> digits) =>
        (Checksums.Weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2]) - (digits[8] - '0')) % 11 == 0 && digits[0] != '0';

    private static bool IsNhs(ReadOnlySpan<byte> digits)
    {
        var check = 11 - (Checksums.Weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
        return (check == 11 ? 0 : check) == digits[9] - '0' && !Checksums.AreAllSame(digits);
    }

    private static bool IsCpf(ReadOnlySpan<byte> digits) =>
        !Checksums.AreAllSame(digits)
        && Checksums.Weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10 == digits[9] - '0'
        && Checksums.Weighted(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10 == digits[10] - '0';

    private static bool IsPesel(ReadOnlySpan<byte> digits)
    {
        var month = Checksums.Number(digits[2..4]) % 20;
        var day = Checksums.Number(digits[4..6]);
        return month is >= 1 and <= 12 && day is >= 1 and <= 31
            && Checksums.Weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0;
    }

    /// <summary>Among its first ten digits one stands two or three times, and the first is not zero.</summary>
    private static bool IsTaxIdDe(ReadOnlySpan<byte> digits)
    {
        if (digits[0] == '0' || !Checksums.Mod11And10(digits))
        {
            return false;
        }

        var (repeated, most) = (0, 0);
        for (var digit = (byte)'0'; digit <= '9'; digit++)
        {
            var count = digits[..10].Count(digit);
            repeated += count > 1 ? 1 : 0;
            most = Math.Max(most, count);
        }

        return repeated == 1 && most <= 3;
    }

    private static bool IsAadhaar(ReadOnlySpan<byte> digits) =>
        digits[0] >= '2' && !Checksums.AreAllSame(digits) && Checksums.Verhoeff(digits);

    private static bool IsNir(ReadOnlySpan<byte> digits) =>
        digits[0] is (byte)'1' or (byte)'2' && Checksums.Number(digits[3..5]) is >= 1 and <= 12 or (>= 20 and <= 42)
        && 97 - (Checksums.Number(digits[..13]) % 97) == Checksums.Number(digits[13..15]);

    private static bool IsResident(ReadOnlySpan<byte> digits)
    {
        var year = Checksums.Number(digits[6..10]);
        var (month, day) = (Checksums.Number(digits[10..12]), Checksums.Number(digits[12..14]));
        var sum = Checksums.Weighted(digits, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
        return digits[0] is >= (byte)'1' and <= (byte)'8' && year is >= 1900 and <= 2099
            && month is >= 1 and <= 12 && day is >= 1 and <= 31
            && "10x98765432"[sum % 11] == Bytes.Lower(digits[17]);
    }

    private static bool IsDni(ReadOnlySpan<byte> word)
    {
        var isForeigner = (word[0] & 0xDF) is >= 'X' and <= 'Z';
        var digits = isForeigner ? word[1..8] : word[..8];
        if (!AreDigits(digits) || !Bytes.IsLetter(word[8]))
        {
            return false;
        }

        var number = Checksums.Number(digits) + (isForeigner ? ((word[0] & 0xDF) - 'X') * 10_000_000 : 0);
        return DniLetters[(int)(number % 23)] == (word[8] & 0xDF);
    }

    /// <summary>Six letters, two digits, a letter, two digits, a letter, three digits, and the check letter.</summary>
    private static bool IsFiscalCode(ReadOnlySpan<byte> word)
    {
        const string Form = "LLLLLLDDLDDLDDDL";
        var sum = 0;
        for (var i = 0; i < word.Length; i++)
        {
            if (Form[i] == 'D' ? !Bytes.IsDigit(word[i]) : !Bytes.IsLetter(word[i]))
            {
                return false;
            }

            var value = Form[i] == 'D' ? word[i] - '0' : (word[i] & 0xDF) - 'A';
            sum += i == 15 ? 0 : i % 2 == 0 ? FiscalOdd[value] : value;
        }

        return sum % 26 == (word[15] & 0xDF) - 'A' && "abcdehlmprst".Contains((char)Bytes.Lower(word[8]));
    }

    private static bool AreDigits(ReadOnlySpan<byte> word)
    {
        foreach (var digit in word)
        {
            if (!Bytes.IsDigit(digit))
            {
                return false;
            }
        }

        return true;
    }
}
