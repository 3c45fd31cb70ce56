using System.Globalization;

namespace Countersign.Core.Actions.Json;

/// <summary>One number as written: <c>[ minus ] int [ frac ] [ exp ]</c> of RFC 8259 section 6.</summary>
internal readonly ref struct NumberToken
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly bool _isInteger;

    private NumberToken(ReadOnlySpan<byte> text, bool isInteger)
    {
        _text = text;
        _isInteger = isInteger;
    }

    public int Length => _text.Length;

    /// <summary>
    /// Takes the number at the start of <paramref name="input"/>; <paramref name="fault"/> says why there is none.
    /// </summary>
    public static bool TryTake(ReadOnlySpan<byte> input, int mostCharacters, out NumberToken token, out JsonFault fault)
    {
        token = default;

        // The scan sees one character more than allowed, so that a long number costs no more than a short one.
        ReadOnlySpan<byte> text = input[..Math.Min(input.Length, mostCharacters + 1)];
        bool wellFormed = TryScan(text, out int end, out bool isInteger);
        if (end > mostCharacters)
        {
            fault = JsonFault.NumberTooLong;
            return false;
        }

        fault = text[end..] is [(byte)'I', ..] ? JsonFault.NonFiniteNumber : JsonFault.MalformedNumber;
        token = new NumberToken(text[..end], isInteger);
        return wellFormed;
    }

    /// <summary>
    /// Appends the canonical form, or refuses a number that no double can hold. An integer literal keeps its digits:
    /// beyond 2^53-1 a double would silently change an amount or an identifier, and below it both forms are the same.
    /// </summary>
    public bool TryAppend(OutputBuffer output)
    {
        if (_isInteger)
        {
            output.Append(_text.SequenceEqual("-0"u8) ? "0"u8 : _text);
            return true;
        }

        double value = double.Parse(_text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
        {
            return false;
        }

        EcmaNumber.Append(output, value);
        return true;
    }

    private static bool TryScan(ReadOnlySpan<byte> text, out int end, out bool isInteger)
    {
        end = text is [(byte)'-', ..] ? 1 : 0;
        isInteger = true;
        int whole = end;
        bool wellFormed = SkipDigits(text, ref end) && !(text[whole] == '0' && end > whole + 1);

        if (wellFormed && end < text.Length && text[end] == '.')
        {
            end++;
            isInteger = false;
            wellFormed = SkipDigits(text, ref end);
        }

        if (wellFormed && end < text.Length && text[end] is (byte)'e' or (byte)'E')
        {
            end++;
            isInteger = false;
            end += end < text.Length && text[end] is (byte)'+' or (byte)'-' ? 1 : 0;
            wellFormed = SkipDigits(text, ref end);
        }

        return wellFormed;
    }

    private static bool SkipDigits(ReadOnlySpan<byte> text, ref int position)
    {
        int count = text[position..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        count = count < 0 ? text.Length - position : count;
        position += count;
        return count > 0;
    }
}
