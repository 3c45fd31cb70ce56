using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Storage;
using Countersign.Gates.Access;

namespace Countersign.Server.Exports;

/// <summary><c>POST /ledger/exports</c>: a slice of the log for an auditor, as JSON lines.</summary>
internal sealed class ExportEndpoint(ExportDesk desk, Authenticate authenticate, Func<Charter> charter)
{
    private const int MaxBody = 16 * 1024;

    private static readonly JsonSerializerOptions Body = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
    };

    private static readonly Problem OnlyPeople = new(
        403, "not-eligible", "Only people export the ledger; use the token of a person.");

    private static readonly Problem OnlyAdmins = new(
        403,
        "not-eligible",
        "Payloads hold what was asked and answered; only admins export them. Leave 'payloads' out.");

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/ledger/exports", ExportAsync);

    private async Task ExportAsync(HttpContext context)
    {
        var shown = Presented.From(context);
        if (shown.IsNothing || await authenticate(shown, context.RequestAborted) is not { } caller)
        {
            await Problem.Unauthorized.WriteAsync(context);
            return;
        }

        var (wish, problem) = await ReadAsync(context, caller);
        if (wish is null)
        {
            await problem!.WriteAsync(context);
            return;
        }

        try
        {
            var person = ((Caller.OfPerson)caller).Voter.Person;
            var options = new ExportOptions(wish.From, wish.To, wish.Payloads, wish.Reason!.Trim());
            var (source, head) = await desk.OpenAsync(person, options, context.RequestAborted);
            using (source)
            {
                context.Response.ContentType = "application/x-ndjson";
                context.Response.Headers.CacheControl = "no-store";
                await desk.WriteAsync(source, head, context.Response.BodyWriter, context.RequestAborted);
            }
        }
        catch (ExportRefusedException refused)
        {
            await new Problem(409, "no-such-slice", refused.Message).WriteAsync(context);
        }
        catch (StoreUnavailableException unavailable) when (!context.Response.HasStarted)
        {
            await new Problem(503, "unavailable", unavailable.Message).WriteAsync(context);
        }
        catch (Exception broken) when (context.Response.HasStarted
            && broken is StoreUnavailableException or InvalidDataException or OperationCanceledException)
        {
            // A slice that ends early has no last line, and says nothing else: the connection is cut.
            context.Abort();
        }
    }

    private async Task<(Wish? Wish, Problem? Problem)> ReadAsync(HttpContext context, Caller caller)
    {
        Wish? wish;
        try
        {
            context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()
                ?.MaxRequestBodySize = MaxBody;
            wish = await JsonSerializer.DeserializeAsync<Wish>(context.Request.Body, Body, context.RequestAborted);
        }
        catch (Exception e) when (e is JsonException or BadHttpRequestException)
        {
            return (null, Malformed($"The body is not what an export asks for: {e.Message}"));
        }

        return 0 switch
        {
            _ when wish?.Reason?.Trim() is not { Length: > 0 and <= ExportOptions.MaxReason } => 
                (null, Malformed($"An export needs a 'reason' of at most {ExportOptions.MaxReason} characters.")),
            _ when caller is not Caller.OfPerson => (null, OnlyPeople),
            _ when wish.Payloads && !IsAdmin(caller) => (null, OnlyAdmins),
            _ => (wish, null),
        };
    }

    private static Problem Malformed(string detail) => new(400, "malformed-export", detail);

    private bool IsAdmin(Caller caller) =>
        caller is Caller.OfPerson person && charter().People.Find(person.Voter.Person) is { IsAdmin: true };

    private sealed record Wish(long From, long? To, bool Payloads, string? Reason);
}
