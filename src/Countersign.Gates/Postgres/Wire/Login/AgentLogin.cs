using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Countersign.Gates.Access;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// Takes a new connection from its first byte to an agent that proved who it is (PostgreSQL manual, "Start-up"): TLS by
/// SSLRequest or at once, then StartupMessage or CancelRequest, then the agent's token.
/// </summary>
internal sealed class AgentLogin(AgentLoginOptions options)
{
    private readonly GuessLimit _guesses = new(options.Limits.FailedLogins, options.Time);

    /// <param name="socket">Belongs to the result from here on.</param>
    /// <param name="cancellationToken">Ends the wait; a connection that takes too long ends by itself.</param>
    public async Task<AgentArrival> AcceptAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Limits.Startup, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var from = (socket.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        var opening = new AgentOpening(socket, options);
        AgentArrival? arrival = null;
        try
        {
            arrival = await ArriveAsync(opening, from, either.Token);
        }
        catch (ProtocolViolation violation)
        {
            arrival = await opening.RefuseAsync(violation.ToErrorFields(), either.Token);
        }
        catch (AuthenticationException failed)
        {
            arrival = new AgentArrival.Refused(
                SqlState.ProtocolViolation, $"The TLS handshake failed: {failed.Message}");
        }
        catch (Exception gone) when (gone is IOException or SocketException)
        {
            arrival = HungUp();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            arrival = new AgentArrival.Refused(
                SqlState.ProtocolViolation, $"The log-in took longer than {options.Limits.Startup}.");
        }
        finally
        {
            if (arrival is not AgentArrival.Agent)
            {
                await opening.DisposeAsync();
            }
        }

        return arrival;
    }

    private async Task<AgentArrival> ArriveAsync(
        AgentOpening opening, IPAddress from, CancellationToken cancellationToken)
    {
        var packet = await opening.ReadAsync(cancellationToken);
        return packet switch
        {
            null => HungUp(),
            StartupPacket.Cancel cancel => new AgentArrival.Cancel(cancel.ProcessId, cancel.Key),
            StartupPacket.Start start => await LogInAsync(opening, start, from, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<AgentArrival> LogInAsync(
        AgentOpening opening, StartupPacket.Start start, IPAddress from, CancellationToken cancellationToken)
    {
        var parameters = AgentParameters.Read(start);
        if (options.IsTlsRequired && !opening.IsEncrypted)
        {
            return await opening.RefuseAsync(NeedsTls(), cancellationToken);
        }

        if (_guesses.IsReached(from))
        {
            return await opening.RefuseAsync(TooManyGuesses(), cancellationToken);
        }

        AgentProtocol.WriteAnswer(opening.Writer, start);
        var account = await options.Find(parameters.User, parameters.Database, cancellationToken);
        var secret = await ProveAsync(opening, parameters.User, account, cancellationToken);
        // Of guesses that came at the same time, those beyond the limit do not count even when they are right, which
        // the answer that waits to be sent would tell.
        if (_guesses.IsReached(from))
        {
            opening.Writer.Dispose();
            return await opening.RefuseAsync(TooManyGuesses(), cancellationToken);
        }

        if (secret is null)
        {
            _guesses.Add(from);
            return await opening.RefuseAsync(AgentProof.Failure(parameters.User), cancellationToken);
        }

        if (account.Problem is { } problem)
        {
            return await opening.RefuseAsync(problem with { Severity = ErrorFields.Fatal }, cancellationToken);
        }

        opening.Writer.WriteAuthenticationOk();
        await opening.Writer.FlushAsync(cancellationToken);
        return new AgentArrival.Agent(opening.ToConnection(parameters, secret, AgentProtocol.Settle(start.Minor)));
    }

    /// <summary>A certificate of the agent is enough; one of another agent makes everything else worthless.</summary>
    private async Task<AgentSecret?> ProveAsync(
        AgentOpening opening, string user, AgentAccount account, CancellationToken cancellationToken)
    {
        var certificate = opening.Certificate;
        var shown = new Presented(Token: null, certificate);
        var certified = certificate is null ? null : await options.Recognise(shown, cancellationToken);
        if (certified is not null)
        {
            return certified == user ? new AgentSecret.Shown(shown) : null;
        }

        var proof = new AgentProof(opening.Reader, opening.Writer, opening.Binding, options);
        return await proof.AskAsync(user, account, opening.IsEncrypted ? shown : null, cancellationToken);
    }

    private static AgentArrival.Refused HungUp() =>
        new(SqlState.ConnectionFailure, "The client closed the connection before it was logged in.");

    private static ErrorFields TooManyGuesses() => new()
    {
        Severity = ErrorFields.Fatal,
        Code = SqlState.ConfigurationLimitExceeded,
        Message = "Too many log-ins from this address failed.",
        Hint = "Correct the agent's id and token, and connect again in a minute.",
    };

    private static ErrorFields NeedsTls() => new()
    {
        Severity = ErrorFields.Fatal,
        Code = SqlState.InvalidAuthorization,
        Message = "This gate takes connections with TLS only; connect with sslmode=verify-full (or require).",
    };
}
