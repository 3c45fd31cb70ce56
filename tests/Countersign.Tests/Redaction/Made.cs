using System.Globalization;
using Countersign.Core.Redaction.Secrets;

namespace Countersign.Tests.Redaction;

/// <summary>
/// Values that are made when tests run, with checksums computed here: no file of the repository holds one that a
/// scanner of secrets would stumble over.
/// </summary>
internal sealed class Made(int seed)
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";

    private readonly Random _random = new(seed);

    public int Next(int below) => _random.Next(below);

    public T Of<T>(params ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    public string Digits(int count) => Text("0123456789", count);

    public string Text(string alphabet, int count) => new(_random.GetItems<char>(alphabet, count));

    public string Word(int count) => Text(Letters, count);

    /// <summary>A card of one of the large issuers, in one run or in groups.</summary>
    public string Card()
    {
        var prefix = Of("4", "51", "55", "2221", "2720", "34", "37", "6011", "65", "3528", "3589", "36");
        var length = prefix[0] switch
        {
            '3' when prefix is "34" or "37" => 15,
            '3' when prefix == "36" => 14,
            _ => 16,
        };
        var digits = prefix + Digits(length - prefix.Length - 1);
        digits += Luhn(digits);
        return length == 16 && Next(2) == 0
            ? string.Join(Of(" ", "-"), digits.Chunk(4).Select(group => new string(group)))
            : digits;
    }

    public string Email() =>
        $"{Word(1 + Next(8))}{Of(".", "_", "", "+", "-")}{Word(1 + Next(8))}@{Word(3 + Next(9))}."
        + Of("com", "de", "co.uk", "org", "io");

    public string Iban()
    {
        var (country, body) = Next(3) switch
        {
            0 => ("DE", Digits(18)),
            1 => ("GB", Word(4).ToUpperInvariant() + Digits(14)),
            _ => ("FR", Digits(23)),
        };
        var number = string.Concat((body + country + "00").Select(
            letter => char.IsAsciiDigit(letter) ? $"{letter}" : $"{letter - 'A' + 10}"));
        var check = 98 - (int)(System.Numerics.BigInteger.Parse(number, CultureInfo.InvariantCulture) % 97);
        var iban = $"{country}{check:00}{body}";
        return Next(2) == 0 ? iban : string.Join(' ', iban.Chunk(4).Select(group => new string(group)));
    }

    public string Ssn() => $"{1 + Next(665):000}-{1 + Next(99):00}-{1 + Next(9999):0000}";

    public string IPv4() => $"{1 + Next(99)}.{Next(256)}.{Next(256)}.{1 + Next(254)}";

    public string IPv6() => string.Join(':', Enumerable.Range(0, 8).Select(_ => $"{1 + Next(0xFFFE):x}"));

    public string Mac() => string.Join(Of(":", "-"), Enumerable.Range(0, 6).Select(at => $"{(at * 16) + Next(16):x2}"));

    public string Cpf()
    {
        var digits = Digits(9);
        digits += Weighted(digits, Enumerable.Range(0, 9).Select(at => 10 - at)) * 10 % 11 % 10;
        digits += Weighted(digits, Enumerable.Range(0, 10).Select(at => 11 - at)) * 10 % 11 % 10;
        return $"{digits[..3]}.{digits[3..6]}.{digits[6..9]}-{digits[9..]}";
    }

    public string Nir()
    {
        var digits = $"{1 + Next(2)}{Next(100):00}{1 + Next(12):00}{1 + Next(95):00}{Next(1000):000}{Next(1000):000}";
        return digits + (97 - (long.Parse(digits, CultureInfo.InvariantCulture) % 97)).ToString("00", null);
    }

    public string Resident()
    {
        var digits = $"{1 + Next(6)}{Digits(5)}{1930 + Next(80)}{1 + Next(12):00}{1 + Next(28):00}{Digits(3)}";
        int[] weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        return digits + "10X98765432"[Weighted(digits, weights) % 11];
    }

    public string Dni()
    {
        var number = Next(100_000_000);
        return $"{number:00000000}{"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]}";
    }

    public string FiscalCode()
    {
        int[] odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
        var code = $"{Word(6)}{Digits(2)}{Of("a", "b", "t", "m")}{10 + Next(20)}{Word(1)}{Digits(3)}";
        code = code.ToUpperInvariant();
        var sum = code.Select((letter, at) => (Value: char.IsAsciiDigit(letter) ? letter - '0' : letter - 'A', at))
            .Sum(each => each.at % 2 == 0 ? odd[each.Value] : each.Value);
        return code + (char)('A' + (sum % 26));
    }

    /// <summary>A token of a row of the table, put together from its prefix and random characters.</summary>
    public string Token(TokenRow row, int variant)
    {
        var token = row.Prefixes[variant % row.Prefixes.Length];
        foreach (var part in row.Shape.Parts)
        {
            token += part.Alphabet is null ? System.Text.Encoding.ASCII.GetString(part.Literal) : Run(part);
        }

        return token;
    }

    /// <summary>The digits with one changed, so that no checksum over them holds any longer.</summary>
    public string Broken(string value)
    {
        var at = Enumerable.Range(0, value.Length).Last(index => char.IsAsciiDigit(value[index]));
        var wrong = (char)('0' + ((value[at] - '0' + 1 + Next(8)) % 10));
        return $"{value[..at]}{wrong}{value[(at + 1)..]}";
    }

    private string Run(TokenShape.Part part)
    {
        var most = part.IsOpen ? part.Least + 20 : part.Most;
        var characters = part.Alphabet!.Characters.Replace("=", "").Replace(".", "");
        string run;
        do
        {
            run = Text(characters, part.Least + Next(most - part.Least + 1));
        }
        while (Entropy.Classes(System.Text.Encoding.ASCII.GetBytes(run)) < part.Alphabet.LeastClasses(part.Least));

        // Capitals, a small letter and a digit stand at the end, where a hyphen would be a sentence's.
        return part.Alphabet.Letter is 'n' or 'p' or 'b' ? $"{run[..^1]}7" : run;
    }

    private static char Luhn(string digits)
    {
        var sum = digits.Reverse().Select((digit, at) => at % 2 == 0 ? (digit - '0') * 2 : digit - '0')
            .Sum(value => value > 9 ? value - 9 : value);
        return (char)('0' + ((10 - (sum % 10)) % 10));
    }

    private static int Weighted(string digits, IEnumerable<int> weights) =>
        digits.Zip(weights, (digit, weight) => (digit - '0') * weight).Sum();
}
