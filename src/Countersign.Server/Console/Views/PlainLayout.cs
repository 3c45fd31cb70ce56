using System.Buffers;
using System.Text;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>
/// The layout of a JSON document of which every part can be shown as it stands, as of most documents. Nothing in it is
/// escaped, so a string ends at the next quotation mark, and one byte tells what has to be broken where.
/// </summary>
internal readonly ref struct PlainLayout
{
    private const int IndentWidth = 2;

    /// <summary>Longest layout that is made here.</summary>
    private const int MaxBytes = 64 * 1024 * 1024;

    private static readonly SearchValues<byte> Ends = SearchValues.Create(",]}"u8);

    private readonly ReadOnlySpan<byte> _json;
    private readonly int _bytes;

    private PlainLayout(ReadOnlySpan<byte> json, int bytes, int lineFeeds, int deepest)
    {
        _json = json;
        (_bytes, LineFeeds, WidestIndent) = (bytes, lineFeeds, deepest * IndentWidth);
    }

    /// <summary>How many lines follow the first.</summary>
    public int LineFeeds { get; }

    /// <summary>Blanks at the beginning of a line, at most.</summary>
    public int WidestIndent { get; }

    /// <param name="json">A document that a reader has taken.</param>
    /// <param name="longest">Characters of its longest string.</param>
    /// <param name="layout">How it is laid out.</param>
    /// <returns>
    /// <c>false</c> when something has to be shown otherwise, there are blanks between the parts of the document, or a
    /// string is longer.
    /// </returns>
    public static bool TryMake(ReadOnlySpan<byte> json, int longest, out PlainLayout layout)
    {
        layout = default;
        if (!DisplayText.IsPlain(json))
        {
            return false;
        }

        var (bytes, lineFeeds, depth, deepest) = (0L, 0, 0, 0);
        for (var at = 0; at < json.Length;)
        {
            var token = Read(json[at..]);
            var isString = json[at] == '"';
            if (isString ? token.Length - 2 > longest : json.Slice(at, token.Length).Contains((byte)' '))
            {
                return false;
            }

            depth += token.Deeper;
            deepest = Math.Max(depth, deepest);
            bytes += token.Length + (token.Breaks ? 1 + (depth * IndentWidth) : token.IsColon ? 1 : 0);
            lineFeeds += token.Breaks ? 1 : 0;
            at += token.Length;
        }

        layout = new PlainLayout(json, (int)Math.Min(bytes, MaxBytes), lineFeeds, deepest);
        return bytes <= MaxBytes;
    }

    public string Whole() => Lines(0, int.MaxValue);

    /// <summary>
    /// Some of the lines, counted from 0, up to <paramref name="until"/>, which is not among them.
    /// </summary>
    public string Lines(int from, int until)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_bytes);
        var (length, line, depth) = (0, 0, 0);
        for (var at = 0; at < _json.Length && line < until;)
        {
            var token = Read(_json[at..]);
            depth += token.Deeper;
            if (token is { Breaks: true, Deeper: < 0 })
            {
                length = Break(buffer, length, depth, line++, from, until);
            }

            if (line >= from && line < until)
            {
                _json.Slice(at, token.Length).CopyTo(buffer.AsSpan(length));
                length += token.Length;
                if (token.IsColon)
                {
                    buffer[length++] = (byte)' ';
                }
            }

            if (token is { Breaks: true, Deeper: >= 0 })
            {
                length = Break(buffer, length, depth, line++, from, until);
            }

            at += token.Length;
        }

        var text = Encoding.ASCII.GetString(buffer, 0, length);
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    /// <summary>Ends a line: its line feed belongs to it unless it is the last that is wanted.</summary>
    private static int Break(byte[] buffer, int length, int depth, int line, int from, int until)
    {
        if (line + 1 >= until)
        {
            return length;
        }

        if (line >= from)
        {
            buffer[length++] = (byte)'\n';
        }

        if (line + 1 >= from)
        {
            buffer.AsSpan(length, depth * IndentWidth).Fill((byte)' ');
            length += depth * IndentWidth;
        }

        return length;
    }

    private static Token Read(ReadOnlySpan<byte> rest)
    {
        switch (rest[0])
        {
            case (byte)'{' or (byte)'[':
                // What is empty stays on its line.
                return rest[1] is (byte)'}' or (byte)']' ? new Token(2) : new Token(1) { Breaks = true, Deeper = 1 };
            case (byte)'}' or (byte)']':
                return new Token(1) { Breaks = true, Deeper = -1 };
            case (byte)',':
                return new Token(1) { Breaks = true };
            case (byte)':':
                return new Token(1) { IsColon = true };
            case (byte)'"':
                return new Token(rest[1..].IndexOf((byte)'"') + 2);
            default:
                var end = rest.IndexOfAny(Ends);
                return new Token(end < 0 ? rest.Length : end);
        }
    }

    /// <summary>What stands together on a line.</summary>
    /// <param name="Length">Its bytes.</param>
    private readonly record struct Token(int Length)
    {
        /// <summary>Whether a line ends there: before what closes, behind everything else.</summary>
        public bool Breaks { get; init; }

        public bool IsColon { get; init; }

        public int Deeper { get; init; }
    }
}
