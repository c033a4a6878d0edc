package innkeep.documentstore;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import java.util.List;
import org.h2.mvstore.MVStore;

/**
 * Serves the MongoDB protocol from one file: {@code java innkeep.documentstore.DocumentStore ADDRESS PORT FILE}.
 *
 * <p>The file is written a tenth of a second after a change. Killed in between, the store comes back as it was at the last
 * write, whole.
 */
public final class DocumentStore {
  private static final int COMMIT_MILLISECONDS = 100;
  private static final int COMMIT_KILOBYTES = 8 * 1024;
  private static final int PAGE_BYTES = 4 * 1024;
  private static final int CACHE_MEGABYTES = 64;

  /** How long the file keeps space that nothing refers to any more. */
  private static final int RETENTION_MILLISECONDS = 1000;

  /** The oldest that current drivers accept: MongoDB 4.4, wire version 9. */
  private static final MongoVersion VERSION =
      new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
          return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
          return 9;
        }
      };

  private DocumentStore() {}

  public static void main(String[] arguments) throws InterruptedException {
    String address = arguments[0];
    int port = Integer.parseInt(arguments[1]);
    MongoServer server = new MongoServer(new Backend(open(arguments[2])).version(VERSION));
    server.bind(address, port);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    System.out.println("Serves on " + address + ":" + port);
    Thread.currentThread().join();
  }

  private static MVStore open(String file) {
    MVStore store =
        new MVStore.Builder()
            .fileName(file)
            .autoCommitBufferSize(COMMIT_KILOBYTES)
            .pageSplitSize(PAGE_BYTES)
            .cacheSize(CACHE_MEGABYTES)
            .backgroundExceptionHandler((thread, failure) -> giveUp(failure))
            .open();
    store.setAutoCommitDelay(COMMIT_MILLISECONDS);
    store.setRetentionTime(RETENTION_MILLISECONDS);
    return store;
  }

  /** A store that can't write must not go on answering: it ends, and its file is as it was at the last write. */
  private static void giveUp(Throwable failure) {
    failure.printStackTrace();
    Runtime.getRuntime().halt(1);
  }
}
