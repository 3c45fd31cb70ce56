using System.Buffers;

namespace Countersign.Core.Ledger;

/// <summary>Hex in its one accepted spelling, lower case.</summary>
internal static class LowerHex
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    public static bool Is(string text, int length) =>
        text.Length == length && text.AsSpan().IndexOfAnyExcept(Digits) < 0;
}
