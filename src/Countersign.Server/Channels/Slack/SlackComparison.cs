using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Actions.Json;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>Old and new arguments line by line, in pieces that a modal holds.</summary>
/// <param name="Pieces">The lines, or that there are too many of them.</param>
/// <param name="Seal">
/// Names what was compared: what is sent afterwards has to be that, or it is compared anew. It is no secret and proves
/// nothing about who typed it.
/// </param>
internal sealed record SlackComparison(ImmutableArray<string> Pieces, string Seal)
{
    /// <summary>A form of more pieces than this is scrolled through and not read.</summary>
    private const int MostPieces = 4;

    /// <summary>Escaping makes text longer; a piece that does not fit is cut further.</summary>
    private const int PieceLength = SlackLimits.SectionText / 2;

    public static SlackComparison Of(CanonicalJson before, CanonicalJson after)
    {
        var lines = LineDiff.Of(RevisionComposer.Shown(before), RevisionComposer.Shown(after)).Select(TextOf);
        var pieces = Cut(lines).ToImmutableArray();
        var fits = pieces.Length <= MostPieces
            && pieces.All(piece => SlackText.FitsFenced(piece, SlackLimits.SectionText));
        return new SlackComparison(
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

    private static IEnumerable<string> Cut(IEnumerable<string> lines)
    {
        var piece = new StringBuilder();
        foreach (var line in lines)
        {
            if (piece.Length > 0 && piece.Length + line.Length >= PieceLength)
            {
                yield return piece.ToString();
                piece.Clear();
            }

            piece.Append(piece.Length == 0 ? "" : "\n").Append(line);
        }

        yield return piece.ToString();
    }
}
