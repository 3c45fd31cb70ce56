using System.Collections.Immutable;

namespace Countersign.Gates.Http.GraphQl;

/// <summary>What a GraphQL request does, as far as its document says.</summary>
/// <param name="Type"><c>query</c>, <c>mutation</c> or <c>subscription</c>; empty when it is no GraphQL.</param>
/// <param name="Fields">The fields that it asks the schema's root for, by their own names, not by aliases.</param>
internal sealed record GraphQlFacts(string Type, ImmutableArray<string> Fields)
{
    public static GraphQlFacts None { get; } = new("", []);
}
