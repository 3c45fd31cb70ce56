using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Gates.Api;

namespace Countersign.Server.Hosting;

/// <summary>
/// What no door foresaw: the caller gets a refusal without internals, the log gets the exception. Whatever was recorded
/// stays recorded, and nothing that failed here counts as done.
/// </summary>
internal static class LastResort
{
    private static readonly Problem Internal = new(
        500,
        "internal-error",
        "The server failed while it handled this request; its log says why. Nothing is assumed to have happened: " +
        "look at the action before asking again.");

    public static Func<HttpContext, RequestDelegate, Task> Handle(ILogger log) => async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (StoreUnavailableException unavailable) when (!context.Response.HasStarted)
        {
            // Foreseen: the text says what to do.
            await ApiProblems.Unavailable(unavailable.Message).WriteAsync(context);
        }
        catch (Exception failure) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            log.RequestFailed(failure);
            await Internal.WriteAsync(context);
        }
    };
}
