using Countersign.Core.Storage;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>What an address asks of the list: a filter, and where the page begins.</summary>
internal sealed record QueueAddress(string Find, QueuePlace? After)
{
    private const string FindKey = "find";
    private const string AfterKey = "after";
    private const string OthersKey = "others";

    /// <summary>Longer ones are cut: no row says as much.</summary>
    private const int MaxFind = 100;

    /// <summary>A place that nobody made begins with the first page.</summary>
    public static QueueAddress Of(IQueryCollection query)
    {
        var find = query[FindKey].ToString().Trim();
        var after = DeadlinePlace.TryParse(query[AfterKey], out var yours)
            ? new QueuePlace(yours, IsOfOthers: false)
            : DeadlinePlace.TryParse(query[OthersKey], out var others)
                ? new QueuePlace(others, IsOfOthers: true)
                : null;
        return new QueueAddress(find.Length <= MaxFind ? find : find[..MaxFind], after);
    }

    public string ToText(string address)
    {
        string?[] parts =
        [
            Find.Length == 0 ? null : $"{FindKey}={Uri.EscapeDataString(Find)}",
            After is null ? null : $"{(After.IsOfOthers ? OthersKey : AfterKey)}={After.At}",
        ];
        var query = string.Join('&', parts.OfType<string>());
        return query.Length == 0 ? address : $"{address}?{query}";
    }
}
