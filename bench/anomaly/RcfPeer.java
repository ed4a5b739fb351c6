import com.amazon.randomcutforest.RandomCutForest;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.lang.management.ManagementFactory;

/** Random Cut Forest on a stream: reads {trees, n, d, n·d doubles} from stdin, writes n scores and {CPU seconds} to stdout, until the input ends. */
public final class RcfPeer {
  public static void main(String[] arguments) throws Exception {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
    while (true) {
      int trees;
      try {
        trees = in.readInt();
      } catch (java.io.EOFException end) {
        return;
      }
      int n = in.readInt();
      int d = in.readInt();
      float[][] rows = new float[n][d];
      for (float[] row : rows) for (int i = 0; i < d; i += 1) row[i] = (float) in.readDouble();
      RandomCutForest forest =
          RandomCutForest.builder().dimensions(d).numberOfTrees(trees).sampleSize(256).randomSeed(42).build();
      double[] scores = new double[n];
      long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      for (int i = 0; i < n; i += 1) {
        scores[i] = forest.getAnomalyScore(rows[i]);
        forest.update(rows[i]);
      }
      double seconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e9;
      for (double score : scores) out.writeDouble(score);
      out.writeDouble(seconds);
      out.flush();
    }
  }
}
