using System.Collections.Immutable;

namespace Countersign.Core.Redaction.Secrets;

/// <summary>
/// The tokens of services that can be told by their form, one row a kind: the name, its prefixes, the form of the rest.
/// The forms are those that the services publish or that their tokens are seen to have.
/// </summary>
internal static partial class TokenTable
{
    public static ImmutableArray<TokenRow> Rows { get; } =
    [
        .. new[] { Clouds, Code, Payments, Models, Watching, Work }
            .SelectMany(table => table.Split('\n'))
            .Where(line => line.Length > 0)
            .Select(TokenRow.Parse),
    ];
}
