using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Countersign.Gates.Http.OpenApi;

/// <summary>What the parameters of a request stand for, as its operation describes them.</summary>
/// <param name="Values">By place and name; those that are there, have a type and fit it.</param>
/// <param name="Unfit">
/// Those whose text is no value of their type, so that nobody can say what the target makes of them.
/// </param>
internal sealed record TypedParameters(JsonElement Values, ImmutableArray<string> Unfit)
{
    private static readonly TypedParameters s_none = new(
        JsonElement.Parse("""{"header":{},"path":{},"query":{}}"""), []);

    public static TypedParameters Of(MappedOperation? operation, HttpCall call)
    {
        if (operation is not { Described: { IsEmpty: false } described })
        {
            return s_none;
        }

        var places = Enum.GetValues<ParameterPlace>().ToDictionary(place => place, _ => new JsonObject());
        var unfit = ImmutableArray.CreateBuilder<string>();
        foreach (var parameter in described)
        {
            var texts = TextsOf(parameter, operation, call);
            if (IsSaidOtherwise(parameter, described, call))
            {
                unfit.Add(parameter.Path);
            }
            else if (texts.IsEmpty)
            {
                continue;
            }
            else if (parameter.TryRead(texts, out var value))
            {
                places[parameter.Place][parameter.Name] = value;
            }
            else
            {
                unfit.Add(parameter.Path);
            }
        }

        var values = new JsonObject
        {
            ["header"] = places[ParameterPlace.Header],
            ["path"] = places[ParameterPlace.Path],
            ["query"] = places[ParameterPlace.Query],
        };
        return new TypedParameters(JsonSerializer.SerializeToElement(values), unfit.ToImmutable());
    }

    /// <summary>None when it is not there.</summary>
    private static ImmutableArray<string> TextsOf(
        DescribedParameter parameter, MappedOperation operation, HttpCall call) => parameter.Place switch
    {
        ParameterPlace.Path => operation.Parameters.TryGetValue(parameter.Name, out var text) ? [text] : [],
        ParameterPlace.Query => call.Query.Values.TryGetValue(parameter.Name, out var texts) ? texts : [],
        _ => call.Headers.Find(parameter.Name) is { } header ? [header] : [],
    };

    /// <summary>
    /// Many servers take a name in another case, or with brackets behind it, for the same parameter.
    /// </summary>
    private static bool IsSaidOtherwise(
        DescribedParameter parameter, ImmutableArray<DescribedParameter> all, HttpCall call) =>
        parameter.Place == ParameterPlace.Query && call.Query.Values.Keys.Any(name =>
            name != parameter.Name
            && (name.Equals(parameter.Name, StringComparison.OrdinalIgnoreCase)
                || name.StartsWith(parameter.Name + "[", StringComparison.OrdinalIgnoreCase))
            && !all.Any(other => other.Place == ParameterPlace.Query && other.Name == name));
}
