using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels;

/// <summary>Old and new arguments line by line, in pieces that a form of the channel holds.</summary>
/// <param name="Pieces">The lines, or that there are too many of them.</param>
/// <param name="Seal">
/// Names what was compared: what is sent afterwards has to be that, or it is compared anew. It is no secret and proves
/// nothing about who typed it.
/// </param>
internal sealed record Comparison(ImmutableArray<string> Pieces, string Seal)
{
    /// <summary>A form of more pieces than this is scrolled through and not read.</summary>
    private const int MostPieces = 4;

    /// <summary>Escaping makes text longer; a piece that does not fit is cut further.</summary>
    private const int Share = 2;

    /// <param name="before">What is asked.</param>
    /// <param name="after">What is typed.</param>
    /// <param name="most">How many characters the channel takes in one place.</param>
    /// <param name="fitsOne">Whether a piece is shown in full there.</param>
    public static Comparison Of(
        CanonicalJson before, CanonicalJson after, int most, Predicate<string> fitsOne)
    {
        var lines = LineDiff.Of(RevisionComposer.Shown(before), RevisionComposer.Shown(after)).Select(TextOf);
        var pieces = Cut(lines, most / Share).ToImmutableArray();
        var fits = pieces.Length <= MostPieces
            && pieces.All(fitsOne.Invoke);
        return new Comparison(
            fits ? pieces : ["The comparison is too long for a form. The console compares it once it is sent."],
            SealOf(after));
    }

    public static string SealOf(CanonicalJson arguments) =>
        Convert.ToHexStringLower(SHA256.HashData(arguments.Bytes.Span));

    private static string TextOf(DiffLine line) => line.Change switch
    {
        LineChange.Removed => $"- {line.Text}",
        LineChange.Added => $"+ {line.Text}",
        _ => $"  {line.Text}",
    };

    private static IEnumerable<string> Cut(IEnumerable<string> lines, int most)
    {
        var piece = new StringBuilder();
        foreach (var line in lines)
        {
            if (piece.Length > 0 && piece.Length + line.Length >= most)
            {
                yield return piece.ToString();
                piece.Clear();
            }

            piece.Append(piece.Length == 0 ? "" : "\n").Append(line);
        }

        yield return piece.ToString();
    }
}
