using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>The check digits of numbers that are given out; digits are ASCII.</summary>
internal static class Checksums
{
    private static readonly byte[] VerhoeffProduct = MakeVerhoeffProduct();
    private static readonly byte[] VerhoeffPermutation = MakeVerhoeffPermutation();

    /// <summary>ISO/IEC 7812-1.</summary>
    public static bool Luhn(ReadOnlySpan<byte> digits)
    {
        var (sum, isDoubled) = (0, false);
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            var value = digits[i] - '0';
            sum += isDoubled ? (value * 2) - (value > 4 ? 9 : 0) : value;
            isDoubled = !isDoubled;
        }

        return sum % 10 == 0;
    }

    /// <summary>The sum of digits times weights.</summary>
    public static int Weighted(ReadOnlySpan<byte> digits, ReadOnlySpan<byte> weights)
    {
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += (digits[i] - '0') * weights[i];
        }

        return sum;
    }

    /// <summary>The number as its digits say; up to eighteen of them.</summary>
    public static long Number(ReadOnlySpan<byte> digits)
    {
        long number = 0;
        foreach (var digit in digits)
        {
            number = (number * 10) + digit - '0';
        }

        return number;
    }

    /// <summary>ISO 7064 mod 11,10: all digits, the check digit included.</summary>
    public static bool Mod11And10(ReadOnlySpan<byte> digits)
    {
        var product = 10;
        foreach (var digit in digits[..^1])
        {
            var sum = (digit - '0' + product) % 10;
            product = (sum == 0 ? 10 : sum) * 2 % 11;
        }

        return (11 - product) % 10 == digits[^1] - '0';
    }

    public static bool Verhoeff(ReadOnlySpan<byte> digits)
    {
        var check = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var value = VerhoeffPermutation[((i % 8) * 10) + digits[digits.Length - 1 - i] - '0'];
            check = VerhoeffProduct[(check * 10) + value];
        }

        return check == 0;
    }

    public static bool AreAllSame(ReadOnlySpan<byte> digits) => digits.IndexOfAnyExcept(digits[0]) < 0;

    /// <summary>ISO 13616: the remainder of the rearranged characters by 97 is 1.</summary>
    public static bool Mod97(ReadOnlySpan<byte> characters)
    {
        var remainder = 0;
        for (var i = 0; i < characters.Length; i++)
        {
            var character = characters[(i + 4) % characters.Length];
            remainder = Bytes.IsDigit(character)
                ? ((remainder * 10) + character - '0') % 97
                : ((remainder * 100) + Bytes.Lower(character) - 'a' + 10) % 97;
        }

        return remainder == 1;
    }

    /// <summary>The multiplication table of the dihedral group of the pentagon.</summary>
    private static byte[] MakeVerhoeffProduct()
    {
        var table = new byte[100];
        for (var left = 0; left < 10; left++)
        {
            for (var right = 0; right < 10; right++)
            {
                var turned = left < 5 ? left + right : left - right;
                var side = (left < 5) == (right < 5) ? 0 : 5;
                table[(left * 10) + right] = (byte)((((turned % 5) + 5) % 5) + side);
            }
        }

        return table;
    }

    private static byte[] MakeVerhoeffPermutation()
    {
        ReadOnlySpan<byte> step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        var table = new byte[80];
        for (var digit = 0; digit < 10; digit++)
        {
            table[digit] = (byte)digit;
        }

        for (var i = 10; i < table.Length; i++)
        {
            table[i] = step[table[i - 10]];
        }

        return table;
    }
}
