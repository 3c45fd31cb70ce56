using Countersign.Core;
using Countersign.Core.Records;
using Countersign.Core.Reviews;

namespace Countersign.Server.Console.Endpoints;

/// <summary>
/// The statements that people sign with a passkey. A statement is made when the button is pressed, about what the page
/// showed; reading one decides nothing.
/// </summary>
internal sealed class SigningEndpoints(ActionLookup lookup, PasskeyDesk passkeys)
{
    public async Task WriteStatementAsync(Visit visit)
    {
        if (await lookup.FindAsync(visit) is not { } record)
        {
            await JsonAnswer.RefuseAsync(visit.Context, 404, "There is no such action, or it is not for you.");
            return;
        }

        var query = visit.Context.Request.Query;
        if (query["digest"].ToString() != record.Action.Digest.Value)
        {
            await JsonAnswer.RefuseAsync(visit.Context, 409, "The request changed since you looked. Open it again.");
            return;
        }

        var own = await passkeys.ListAsync(visit.Person.Id, visit.Aborted);
        if (passkeys.Party is not { } party || own.IsEmpty)
        {
            await JsonAnswer.RefuseAsync(visit.Context, 409, "You have no passkey here. Enrol one under your name.");
            return;
        }

        var decision = query["decision"].ToString() == "deny" ? Decision.Deny : Decision.Approve;
        var statement = passkeys.StatementFor(record, visit.Person.Id, decision);
        await JsonAnswer.WriteAsync(
            visit.Context, json => SignaturePayload.WriteStatement(json, statement, party, own));
    }
}
