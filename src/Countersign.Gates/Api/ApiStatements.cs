using System.Text.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Api;

/// <summary>Hands out the statements that people sign with a passkey. Reading one decides nothing.</summary>
internal sealed class ApiStatements(ApiRooms rooms)
{
    public async Task ShowAsync(HttpContext context, Caller caller)
    {
        if (await rooms.FindVisibleAsync(context, caller) is not { } record)
        {
            await ApiProblems.NoSuchAction.WriteAsync(context);
            return;
        }

        if (caller is not Caller.OfPerson { Voter.Person: var person })
        {
            await ApiProblems.OnlyPeopleSign.WriteAsync(context);
            return;
        }

        Decision? decision = context.Request.Query["decision"].ToString() switch
        {
            "approve" => Decision.Approve,
            "deny" => Decision.Deny,
            _ => null,
        };
        if (decision is not { } wanted)
        {
            await ApiProblems.BadDecision.WriteAsync(context);
            return;
        }

        var passkeys = await rooms.Passkeys.ListAsync(person, context.RequestAborted);
        if (rooms.Passkeys.Party is not { } party || passkeys.IsEmpty)
        {
            await ApiProblems.NoPasskey.WriteAsync(context);
            return;
        }

        var statement = rooms.Passkeys.StatementFor(record, person, wanted);
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter.AsStream());
        SignaturePayload.WriteStatement(json, statement, party, passkeys);
    }
}
