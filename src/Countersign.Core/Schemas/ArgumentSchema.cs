using System.Collections.Immutable;
using System.Text.Json;

namespace Countersign.Core.Schemas;

/// <summary>
/// Compares arguments that a person wrote with what a tool's input schema asks for. It knows the keywords of JSON
/// Schema (2020-12, and draft 7 where that differs) by which arguments are usually described; every other keyword is
/// ignored, as the specification says of unknown ones (core, section 6.5). What passes here the tool's server may
/// still refuse.
/// </summary>
internal static class ArgumentSchema
{
    /// <summary>What is told at most; more would not be read.</summary>
    public const int MostTold = 5;

    /// <summary>
    /// What the new arguments have wrong, as far as the old ones had not: whoever changes one field need not mend what
    /// the agent wrote into another.
    /// </summary>
    public static ImmutableArray<SchemaFault> FindNew(JsonElement schema, JsonElement old, JsonElement changed) =>
        [.. Find(schema, changed).Except(Find(schema, old)).Take(MostTold)];

    /// <summary>The same for a part of the arguments, whose schema refers to places of a document.</summary>
    /// <param name="body">How that part is described.</param>
    /// <param name="path">Where it stands in the arguments.</param>
    /// <param name="old">What the agent wrote; <c>null</c> when it wrote none.</param>
    /// <param name="changed">What a person wrote.</param>
    public static ImmutableArray<SchemaFault> FindNew(
        BodySchema body, string path, JsonElement? old, JsonElement changed)
    {
        var known = old is { } before ? Find(body.Schema, body.Document, before, path) : [];
        return [.. Find(body.Schema, body.Document, changed, path).Except(known).Take(MostTold)];
    }

    /// <summary>Everything that does not fit, in the order of the schema.</summary>
    public static ImmutableArray<SchemaFault> Find(JsonElement schema, JsonElement arguments) =>
        Find(schema, root: schema, arguments, path: "");

    private static ImmutableArray<SchemaFault> Find(
        JsonElement schema, JsonElement root, JsonElement arguments, string path)
    {
        var check = new SchemaCheck(new SchemaReferences(root), new SchemaEffort(), depth: 0);
        check.Compare(schema, arguments, path);
        return check.Faults;
    }
}

/// <summary>A place in the arguments, and what is wrong there.</summary>
/// <param name="Path">As <c>rows[2].id</c>; empty for the arguments themselves. It is made of foreign names.</param>
/// <param name="Why">In words that go on after the place; it may quote the schema.</param>
internal readonly record struct SchemaFault(string Path, string Why);
