using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions.Json;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Views;

/// <summary>
/// Canonical JSON laid out for reading. Numbers and escapes stay as they are hashed; a line feed in a string is shown
/// as its escape and then a real line, and every misleading character is spelled out. A long string shows head and
/// tail.
/// </summary>
internal sealed class ExactText
{
    private const int HeadCharacters = 320;
    private const int TailCharacters = 120;
    private const int LongestWhole = HeadCharacters + TailCharacters;
    private const int HeadLines = 48;
    private const int TailLines = 16;

    /// <summary>Longest text of arguments that a page carries in full; nobody approves there what is longer.</summary>
    public const int MaxArguments = 2 * 1024 * 1024;

    /// <summary>Longest answer of a target that a page carries in full.</summary>
    private const int MaxAnswer = 256 * 1024;

    /// <summary>How much of a text that is no JSON is shown.</summary>
    private const int MaxPlainBytes = 16 * 1024;

    private const int IndentWidth = 2;

    /// <summary>More empty lines than this are counted: they would push the rest out of sight.</summary>
    private const int MaxLineFeeds = 3;

    // The reader has bounded the depth already; the layout only has to follow.
    private const int DeepestDepth = 1024;

    private static readonly JsonLimits Lenient = JsonLimits.Default with { NumberCharacters = 4096 };

    private readonly bool _shortens;
    private readonly List<ExactPiece> _pieces = [];
    private readonly StringBuilder _text = new();
    private bool _afterName;
    private bool _afterOpening = true;

    private ExactText(bool shortens) => _shortens = shortens;

    public static ExactView Of(CanonicalJson json, int longestWhole = MaxArguments)
    {
        var bytes = json.Bytes.Length;
        var mayBeFull = bytes <= longestWhole;
        if (PlainLayout.TryMake(json.Bytes.Span, LongestWhole, out var plain))
        {
            var isCut = plain.LineFeeds > HeadLines + TailLines;
            return new ExactView(CutLines(plain), isCut && mayBeFull ? plain.Whole() : null, bytes);
        }

        var pieces = CutLines(new ExactText(shortens: true).LayOut(json.Bytes.Span));
        var needsFull = mayBeFull && pieces.Any(piece => piece.IsCut);
        return new ExactView(pieces, needsFull ? WholeOf(json) : null, bytes);
    }

    /// <summary>Head and tail as one text, for channels that mark nothing; what is left out is spelled there.</summary>
    public static string ShortOf(CanonicalJson json)
    {
        var pieces = PlainLayout.TryMake(json.Bytes.Span, LongestWhole, out var plain)
            ? CutLines(plain)
            : CutLines(new ExactText(shortens: true).LayOut(json.Bytes.Span));
        return string.Concat(pieces.Select(piece => piece.IsCut ? $@"\u{{… {piece.Text} …}}" : piece.Text));
    }

    /// <summary>
    /// A target's answer: JSON like the arguments, and if it is none, its first characters as they are.
    /// </summary>
    public static ExactView Of(ReadOnlySpan<byte> utf8)
    {
        if (CanonicalJson.TryCanonicalize(utf8, Lenient, out var json, out _))
        {
            return Of(json, MaxAnswer);
        }

        var text = DisplayText.Lines(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxPlainBytes)])).Text;
        var head = new ExactPiece(text, IsCut: false);
        return utf8.Length <= MaxPlainBytes
            ? new ExactView([head], Full: null, utf8.Length)
            : new ExactView([head, Cut($"{utf8.Length - MaxPlainBytes:N0} bytes hidden")], Full: null, utf8.Length);
    }

    /// <summary>The whole text, whatever its length.</summary>
    public static string WholeOf(CanonicalJson json) =>
        PlainLayout.TryMake(json.Bytes.Span, int.MaxValue, out var plain)
            ? plain.Whole()
            : string.Concat(new ExactText(shortens: false).LayOut(json.Bytes.Span).Select(piece => piece.Text));

    private List<ExactPiece> LayOut(ReadOnlySpan<byte> canonical)
    {
        var reader = new Utf8JsonReader(canonical, new JsonReaderOptions { MaxDepth = DeepestDepth });
        while (reader.Read())
        {
            Append(ref reader);
        }

        EndPiece();
        return _pieces;
    }

    private void Append(ref Utf8JsonReader reader)
    {
        var closes = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
        BeginToken(reader.CurrentDepth, closes);
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                AppendString(ref reader);
                _text.Append(": ");
                break;
            case JsonTokenType.String:
                AppendString(ref reader);
                break;
            default:
                _text.Append(Encoding.UTF8.GetString(reader.ValueSpan));
                break;
        }

        _afterName = reader.TokenType == JsonTokenType.PropertyName;
        _afterOpening = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
    }

    /// <summary>
    /// Puts a comma and a new line before everything but a member's value and the content of nothing.
    /// </summary>
    private void BeginToken(int depth, bool closes)
    {
        var isFirstOfAll = _text.Length == 0 && _pieces.Count == 0;
        if (_afterName || isFirstOfAll || (closes && _afterOpening))
        {
            return;
        }

        _text.Append(closes || _afterOpening ? "" : ",").Append('\n').Append(' ', depth * IndentWidth);
    }

    private void AppendString(ref Utf8JsonReader reader)
    {
        var raw = reader.ValueSpan;
        var depth = reader.CurrentDepth;
        var text = Encoding.UTF8.GetString(raw);
        _text.Append('"');
        if (_shortens && text.Length > LongestWhole)
        {
            var head = Divides(text, HeadCharacters) ? HeadCharacters - 1 : HeadCharacters;
            var tail = text.Length - TailCharacters;
            tail += Divides(text, tail) ? 1 : 0;
            AppendLines(text[..head], depth);
            EndPiece();
            var hidden = Encoding.UTF8.GetByteCount(text.AsSpan(head, tail - head));
            _pieces.Add(Cut($"{hidden:N0} bytes hidden"));
            AppendLines(text[tail..], depth);
        }
        else
        {
            AppendLines(text, depth);
        }

        _text.Append('"');
    }

    /// <summary>
    /// Whether a cut would separate a surrogate pair, or a backslash from the character that it escapes.
    /// </summary>
    private static bool Divides(string text, int at)
    {
        var backslashes = at - 1 - text.AsSpan(0, at).LastIndexOfAnyExcept('\\');
        return char.IsLowSurrogate(text[at]) || backslashes % 2 == 1;
    }

    /// <summary>
    /// Breaks the line after each escaped line feed; a backslash that is itself escaped starts no escape.
    /// </summary>
    private void AppendLines(string raw, int depth)
    {
        var start = 0;
        for (var at = raw.IndexOf('\\'); at >= 0 && at + 1 < raw.Length; at = raw.IndexOf('\\', at + 1))
        {
            at++;
            if (raw[at] == 'n')
            {
                var (feeds, end) = LineFeedsAt(raw, at - 1);
                _text.Append(DisplayText.OneLine(raw[start..(feeds > MaxLineFeeds ? at - 1 : at + 1)]).Text);
                _text.Append(feeds > MaxLineFeeds ? $@"\u{{000A×{feeds}}}" : "");
                at = feeds > MaxLineFeeds ? end - 1 : at;
                _text.Append('\n').Append(' ', (depth + 1) * IndentWidth);
                start = at + 1;
            }
        }

        _text.Append(DisplayText.OneLine(raw[start..]).Text);
    }

    /// <summary>
    /// How many escaped line feeds stand in a row from a place on, with nothing but blanks between them, and where the
    /// last of them ends.
    /// </summary>
    private static (int Feeds, int End) LineFeedsAt(string raw, int from)
    {
        var (feeds, end) = (0, from);
        for (var at = from; at < raw.Length;)
        {
            var escape = at + 1 < raw.Length && raw[at] == '\\' ? raw[at + 1] : '\0';
            if (raw[at] != ' ' && escape is not ('n' or 'r' or 't'))
            {
                break;
            }

            at += escape == '\0' ? 1 : 2;
            (feeds, end) = escape == 'n' ? (feeds + 1, at) : (feeds, end);
        }

        return (feeds, end);
    }

    private static ExactPiece Cut(string what) => new(what, IsCut: true);

    private void EndPiece()
    {
        _pieces.Add(new ExactPiece(_text.ToString(), IsCut: false));
        _text.Clear();
    }

    /// <summary>Keeps the first and the last lines of a text of many lines.</summary>
    private static ImmutableArray<ExactPiece> CutLines(List<ExactPiece> pieces)
    {
        var lines = pieces.Sum(piece => piece.IsCut ? 0 : piece.Text.AsSpan().Count('\n'));
        if (lines <= HeadLines + TailLines)
        {
            return [.. pieces];
        }

        return
        [
            .. TakeLines(pieces, 0, HeadLines),
            CutOf(lines),
            .. TakeLines(pieces, lines - TailLines, int.MaxValue),
        ];
    }

    private static ImmutableArray<ExactPiece> CutLines(PlainLayout plain)
    {
        var lines = plain.LineFeeds;
        return lines <= HeadLines + TailLines
            ? [new ExactPiece(plain.Whole(), IsCut: false)]
            :
            [
                new ExactPiece(plain.Lines(0, HeadLines), IsCut: false),
                CutOf(lines),
                new ExactPiece(plain.Lines(lines - TailLines, int.MaxValue), IsCut: false),
            ];
    }

    private static ExactPiece CutOf(int lines) => Cut($"{lines - HeadLines - TailLines:N0} lines hidden");

    /// <summary>The pieces between two line numbers; a piece that lies across a border is divided there.</summary>
    private static IEnumerable<ExactPiece> TakeLines(List<ExactPiece> pieces, int from, int until)
    {
        var line = 0;
        foreach (var piece in pieces)
        {
            if (piece.IsCut)
            {
                if (line >= from && line < until)
                {
                    yield return piece;
                }

                continue;
            }

            var start = from <= line ? 0 : Math.Min(EndOfLine(piece.Text, from - line) + 1, piece.Text.Length);
            var end = until <= line ? 0 : EndOfLine(piece.Text, until - line);
            line += piece.Text.AsSpan().Count('\n');
            if (start < end)
            {
                yield return new ExactPiece(piece.Text[start..end], IsCut: false);
            }
        }
    }

    /// <summary>Where the line of a number ends, counted from 1; the end of the text when it has fewer.</summary>
    private static int EndOfLine(ReadOnlySpan<char> text, int number)
    {
        var end = -1;
        for (; number > 0; number--)
        {
            var next = text[(end + 1)..].IndexOf('\n');
            if (next < 0)
            {
                return text.Length;
            }

            end += next + 1;
        }

        return end;
    }
}
