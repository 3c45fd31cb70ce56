using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Secrets;

/// <summary>
/// The form of one kind of token: literals and runs of characters, such as <c>ghp_{w36}</c>. A run names its alphabet
/// and its length: <c>36</c>, <c>20-40</c>, or <c>60+</c> without an upper limit.
/// </summary>
internal sealed class TokenShape
{
    /// <summary>A token without an upper limit goes on as <see cref="Tail.Token"/> behind this.</summary>
    public const int MostAtOnce = RunMemo.Longest;

    private const int MostSplits = 4;
    private const int LongestGap = 8;
    private const double LeastShareOfEntropy = 0.6;

    private readonly double _leastEntropy;
    private readonly int _leastClasses;

    private TokenShape(ImmutableArray<Part> parts)
    {
        Parts = parts;
        _leastClasses = parts.Max(part => part.Alphabet?.LeastClasses(part.Least) ?? 0);
        _leastEntropy = LeastShareOfEntropy * parts.Where(part => part.Alphabet is not null)
            .Max(part => Math.Min(Math.Log2(part.Least), Math.Log2(part.Alphabet!.Characters.Length)));
    }

    public ImmutableArray<Part> Parts { get; }

    public static TokenShape Parse(string text)
    {
        var parts = new List<Part>();
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('{', at);
            var end = open < 0 ? text.Length : open;
            if (end > at)
            {
                parts.Add(Part.Of(text[at..end]));
            }

            at = open < 0 ? text.Length : text.IndexOf('}', open) + 1;
            if (open >= 0)
            {
                parts.Add(Part.Of(Alphabet.Of(text[open + 1]), text[(open + 2)..(at - 1)]));
            }
        }

        for (var i = 1; i < parts.Count; i++)
        {
            if (parts[i - 1].Alphabet is { } run && (parts[i].Alphabet is not null || run.Has(parts[i].Literal[0])))
            {
                throw new ArgumentException($"In '{text}' a run could go on into what follows it.", nameof(text));
            }
        }

        return new TokenShape([.. parts]);
    }

    /// <summary>A token of this form behind its prefix; where it ends, or 0.</summary>
    public int EndOf(ReadOnlySpan<byte> text, int at, TokenRuns runs, ref long steps)
    {
        Span<byte> taken = stackalloc byte[Entropy.MostBytes];
        var run = new Run(taken);
        var end = at;
        foreach (var part in Parts)
        {
            end = part.Alphabet is null
                ? part.EndOfLiteral(text, end)
                : part.EndOfRun(text, end, ref run, runs, ref steps);
            if (end == 0)
            {
                return 0;
            }
        }

        steps += Math.Min(run.Length, Entropy.MostBytes) * 2;
        var last = Parts[^1].Alphabet;
        var next = Bytes.At(text, end);
        var goesOn = Bytes.IsWord(next) || (next is (byte)'_' or (byte)'-' && last is not null && last.Has(next));
        var isBlob = Parts[^1].IsOpen && end - at >= MostAtOnce;
        return (isBlob || !goesOn) && run.IsRandom(_leastEntropy, _leastClasses) ? end : 0;
    }

    /// <summary>What was taken of the runs so far.</summary>
    internal ref struct Run(Span<byte> taken)
    {
        private readonly Span<byte> _taken = taken;

        public int Length { get; private set; }

        public int Splits { get; set; }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            var room = Math.Max(0, _taken.Length - Length);
            bytes[..Math.Min(bytes.Length, room)].CopyTo(_taken[Math.Min(Length, _taken.Length)..]);
            Length += bytes.Length;
        }

        /// <summary>Placeholders are not random; a torn token must not be a sentence either.</summary>
        public readonly bool IsRandom(double least, int leastClasses)
        {
            var taken = _taken[..Math.Min(Length, _taken.Length)];
            return Entropy.Of(taken) >= least
                && Entropy.Classes(taken) >= leastClasses
                && taken.IndexOf("EXAMPLE"u8) < 0
                && (Splits == 0 || Entropy.HasDigits(taken));
        }
    }

    /// <summary>A literal or a run.</summary>
    internal sealed record Part(byte[] Literal, Alphabet? Alphabet, int Least, int Most)
    {
        public bool IsOpen => Most == MostAtOnce;

        public static Part Of(string literal) => new(Encoding.ASCII.GetBytes(literal), null, 0, 0);

        public static Part Of(Alphabet alphabet, string length)
        {
            var ends = length.TrimEnd('+').Split('-');
            var least = int.Parse(ends[0], CultureInfo.InvariantCulture);
            var most = length.EndsWith('+') ? MostAtOnce : int.Parse(ends[^1], CultureInfo.InvariantCulture);
            return new Part([], alphabet, least, most);
        }

        public int EndOfLiteral(ReadOnlySpan<byte> text, int at) =>
            Bytes.StartsWith(text, at, Literal) ? at + Literal.Length : 0;

        /// <summary>The whole run, and what follows it over a line's end when it is too short by itself.</summary>
        public int EndOfRun(ReadOnlySpan<byte> text, int at, ref Run run, TokenRuns runs, ref long steps)
        {
            var (end, length) = (at, 0);
            while (end < text.Length)
            {
                var next = runs.EndOf(text, end, Alphabet!, ref steps);
                length += next - end;
                if (length > Most)
                {
                    return 0;
                }

                run.Add(text[end..next]);
                end = next;
                var gap = length > 0 && length < Least && run.Splits < MostSplits ? GapLength(text, end) : 0;
                if (gap == 0)
                {
                    break;
                }

                run.Splits++;
                end += gap;
            }

            return length >= Least ? end : 0;
        }

        /// <summary>White space in the middle of a token, where a line was broken.</summary>
        private static int GapLength(ReadOnlySpan<byte> text, int at)
        {
            var length = 0;
            while (length < LongestGap && Bytes.IsSpace(Bytes.At(text, at + length)) && at + length < text.Length)
            {
                length++;
            }

            return length;
        }
    }
}
