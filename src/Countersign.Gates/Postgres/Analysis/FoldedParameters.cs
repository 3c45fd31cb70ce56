using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// A statement as it resolves with one parameter for each type instead of one for each value. What a statement reads,
/// changes and calls depends on the types of its parameters only, and a function takes far fewer parameters than a
/// statement, so this is how INSERT of many rows is looked at.
/// </summary>
/// <remarks>
/// The server may take what it would refuse with the parameters apart (<c>SELECT $1 … GROUP BY $2</c>), never the other
/// way round; what it refuses is refused by itself when the statement is sent as it is. Positions stay: a number is
/// never longer than the one it replaces, and spaces fill the rest.
/// </remarks>
internal static class FoldedParameters
{
    /// <param name="text">The statement.</param>
    /// <param name="types">The type of each of its parameters.</param>
    public static (string Text, ImmutableArray<uint> Types) Of(string text, ImmutableArray<uint> types)
    {
        ImmutableArray<uint> folded = [.. types.Distinct()];
        var numbers = folded.Index().ToDictionary(pair => pair.Item, pair => pair.Index + 1);
        var bytes = Encoding.UTF8.GetBytes(text);
        var lexer = new SqlLexer([.. bytes]);
        while (lexer.TryRead(out var token))
        {
            var number = bytes.AsSpan(token.Start, token.Length);
            // A number that has no parameter stays, and is the server's to refuse.
            if (token.Kind is TokenKind.Parameter
                && Utf8Parser.TryParse(number[1..], out int parameter, out var digits)
                && digits == token.Length - 1
                && parameter > 0 && parameter <= types.Length)
            {
                number[1..].Fill((byte)' ');
                Utf8Formatter.TryFormat(numbers[types[parameter - 1]], number[1..], out var _);
            }
        }

        return (Encoding.UTF8.GetString(bytes), folded);
    }
}
